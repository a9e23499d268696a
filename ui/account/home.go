package account

import (
	"errors"
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/ui/page"
)

// home is the root page: what this server is, and the way in. It is there without a session.
func (h *Handlers) home(w http.ResponseWriter, r *http.Request) {
	httpx.NoStore(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		h.fail(w, r, errMethod)
		return
	}
	p := page.Home{Issuer: h.Issuer, AccountURL: page.PathAccount, SignInURL: pathSignIn,
		DiscoveryURL: h.Issuer + "/.well-known/openid-configuration", DemoURL: h.DemoURL, MailURL: h.MailURL}
	v, err := h.visit(w, r)
	switch {
	case err == nil:
		p.Base, p.Who, p.Session = v.base(), page.Who{Name: v.person.Name, Email: v.person.Email}, v.current.ID
	case !errors.Is(err, session.ErrNone):
		h.fail(w, r, err)
		return
	case r.Method == http.MethodGet:
		if err := h.ended.Take(r, &p.Base); err != nil {
			h.fail(w, r, err)
			return
		}
	}
	if err := h.Pages.Render(w, r, http.StatusOK, p); err != nil {
		h.fail(w, r, err)
	}
}
