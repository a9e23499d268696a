package account

import (
	"net/http"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// signOut ends the session of this browser.
func (h *Handlers) signOut(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	return h.leave(v, storage.StatusEnded)
}

// leave ends the current session and says so.
func (h *Handlers) leave(v *visit, status storage.SessionStatus) error {
	_, err := h.Door.End(v.r.Context(), h.Store, v.current.Session,
		logout.Cause{Status: status, Reason: logout.SignedOut, By: v.current.By()})
	if err != nil {
		return err
	}
	return h.left(v, page.SignedOut{Base: v.base(), SignInURL: pathSignIn})
}

// left is the page behind the end of the current session; it tells the apps that were used in this browser.
func (h *Handlers) left(v *visit, p page.SignedOut) (err error) {
	if err := h.Sessions.Leave(v.w, v.r, v.current); err != nil {
		return err
	}
	if p.Frames, err = h.Door.FrontChannel(v.r.Context(), h.Issuer, v.current.Session); err != nil {
		return err
	}
	return v.render(http.StatusOK, p)
}
