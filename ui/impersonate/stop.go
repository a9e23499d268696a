package impersonate

import (
	"errors"
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/ui/page"
)

// askStop is for those who come by a link: an app cannot post here, and a link alone must not end anything.
func (h *Handlers) askStop(w http.ResponseWriter, r *http.Request) error {
	current, err := h.current(r)
	if err != nil {
		return err
	}
	if current == nil || !current.Impersonated() {
		return h.over(w, r, current)
	}
	user, err := h.who(r.Context(), current.UserID)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, r, http.StatusOK, page.ImpersonateStop{Form: page.Form{Action: page.PathActingStop}, User: user,
		CancelURL: page.PathAccount})
}

// stop ends the impersonation and gives the actor their own session back. Twice is no error.
func (h *Handlers) stop(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.ReadForm(r); err != nil {
		return err
	}
	current, err := h.current(r)
	if err != nil {
		return err
	}
	if current == nil || !current.Impersonated() {
		return h.over(w, r, current)
	}
	r = r.WithContext(audit.WithActor(audit.WithSession(r.Context(), current.ID), current.ActorSub))
	own, err := h.Actors.Stop(w, r, current)
	return h.stopped(w, r, current, own, err)
}

// over is for a browser that impersonates nobody. Where an impersonation has ended by itself or by somebody else, it brings
// the actor back as stopping does, which is also where the account pages send them then.
func (h *Handlers) over(w http.ResponseWriter, r *http.Request, current *session.Current) error {
	if current == nil {
		v, err := h.Sessions.Ended(r)
		if err != nil {
			return err
		}
		if v != nil && v.ActorSub != "" {
			was := &session.Current{Session: &v.Session}
			own, err := h.Sessions.Return(w, r, was)
			return h.stopped(w, r, was, own, err)
		}
	}
	return seeOther(w, r, page.PathAccount)
}

// stopped says that an impersonation is over, and tells the apps that were used in this browser. err is that of
// session.Return.
func (h *Handlers) stopped(w http.ResponseWriter, r *http.Request, was, own *session.Current, err error) error {
	gone := errors.Is(err, session.ErrNone) // the actor's own session has ended, too
	if err != nil && !gone {
		return err
	}
	ctx := r.Context()
	frames, err := h.Door.FrontChannel(ctx, h.Issuer, was.Session)
	if err != nil {
		return err
	}
	if gone {
		return h.Pages.Render(w, r, http.StatusOK, page.SignedOut{Base: page.Base{Frames: frames}, SignInURL: "/signin"})
	}
	p := page.ImpersonateStopped{Base: page.Base{Frames: frames, Locales: locales(own.User)}, ContinueURL: page.PathAccount}
	if p.User, err = h.who(ctx, was.UserID); err != nil {
		return err
	}
	if p.Actor, err = h.who(ctx, own.UserID); err != nil {
		return err
	}
	return h.Pages.Render(w, r, http.StatusOK, p)
}
