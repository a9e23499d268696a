package account

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// visit is one request of a person who is signed in. The session decides whose account it is.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	current *session.Current
	person  *user.Person
	notice  page.Message
	pages   *page.Renderer
}

// signedIn lets people with a live session through, others are sent to sign in. The session is read for every request,
// so one that was ended a moment ago opens nothing.
func (h *Handlers) signedIn(next func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httpx.NoStore(w.Header())
		v, err := h.visit(w, r)
		if err == nil {
			err = next(v)
		}
		switch {
		case errors.Is(err, session.ErrNone):
			http.Redirect(w, r, h.entrance(r), http.StatusSeeOther)
		case err != nil:
			h.fail(w, r, err)
		}
	})
}

// entrance is where people without a session go: to sign in, or back to their own if they were acting for somebody until a
// moment ago.
func (h *Handlers) entrance(r *http.Request) string {
	if v, err := h.Sessions.Ended(r); err == nil && v != nil && v.ActorSub != "" {
		return page.PathActingStop
	}
	return pathSignIn
}

func (h *Handlers) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	current, err := h.Sessions.Current(r)
	if err != nil {
		return nil, err
	}
	v, err := h.visitOf(w, r, current)
	if err == nil {
		v.notice = h.takeNotice(w, r)
	}
	return v, err
}

func (h *Handlers) visitOf(w http.ResponseWriter, r *http.Request, current *session.Current) (*visit, error) {
	ctx := audit.WithDevice(audit.WithSession(r.Context(), current.ID), current.DeviceID)
	if current.Impersonated() {
		ctx = audit.WithActor(ctx, current.ActorSub)
	}
	r = r.WithContext(ctx)
	person, err := h.Users.Person(r.Context(), current.UserID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, session.ErrNone
	}
	if err != nil {
		return nil, err
	}
	return &visit{w: w, r: r, current: current, person: person, pages: h.Pages}, nil
}

func (v *visit) userID() string { return v.current.UserID }

// base speaks the language that the person chose.
func (v *visit) base() page.Base {
	b := page.Base{Notice: v.notice}
	if v.person.Locale != "" {
		b.Locales = []string{v.person.Locale}
	}
	return b
}

func (v *visit) frame() page.Frame {
	return page.Frame{Base: v.base(), Who: page.Who{Name: v.person.Name, Email: v.person.Email}, Session: v.current.ID,
		SignOutAction: pathSignOut, ShowSessions: true}
}

func (v *visit) render(status int, p page.Page) error { return v.pages.Render(v.w, v.r, status, p) }

// show renders a page of ours: 200, or 422 with faults in it, 429 when they are that somebody tries too often.
func (v *visit) show(p page.Page, faults page.Errors) error {
	status := http.StatusOK
	if len(faults) > 0 {
		status = http.StatusUnprocessableEntity
	}
	for _, m := range faults {
		if m.Key == page.TooManyTries {
			status = http.StatusTooManyRequests
			v.w.Header().Set("Retry-After", fmt.Sprint(m.Args...))
		}
	}
	return v.render(status, p)
}

// goTo ends a POST with a page of ours, so that loading it again does not post again.
func (v *visit) goTo(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// form reads what was posted.
func (v *visit) form() (*httpx.Params, error) { return httpx.ReadForm(v.r) }

// who is the person as the throttle counts them: with a budget of their own on the browser they signed in on.
func (h *Handlers) who(v *visit) (factor.Who, error) {
	who := factor.Who{UserID: v.userID(), Identifier: v.person.EmailValue, Address: httpx.ClientAddr(v.r.Context())}
	hash := h.Sessions.KnownBrowser(v.r)
	if hash == nil {
		return who, nil
	}
	device, err := h.Store.DeviceByCookie(v.r.Context(), hash)
	if errors.Is(err, storage.ErrNotFound) {
		return who, nil
	}
	if err == nil && device.ID == v.current.DeviceID {
		who.Device = device.ID
	}
	return who, err
}
