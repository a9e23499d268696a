package impersonate

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/ui/page"
)

// open shows what a ticket opens.
//
//  1. The ticket leaves the address, which browsers keep, for a cookie.
//  2. Whoever is not signed in, or as somebody else, signs in first and comes back by the goal's name, not by a URL.
//  3. The actor is asked. Nothing has happened until they answer: link checkers and previews open links, too.
func (h *Handlers) open(w http.ResponseWriter, r *http.Request) error {
	q, err := httpx.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	ticket := q.Get(actor.Param)
	arrives := ticket != ""
	if !arrives {
		ticket = h.kept(r)
	}
	current, err := h.current(r)
	if err != nil {
		return err
	}
	offer, err := h.Actors.Look(r.Context(), ticket, current)
	if arrives && !errors.Is(err, actor.ErrUnknown) {
		h.keep(w, ticket)
	}
	switch {
	case errors.Is(err, actor.ErrNotSignedIn), errors.Is(err, actor.ErrNotYours) && arrives:
		return h.signIn(w, r, ticket)
	case arrives && err == nil:
		return seeOther(w, r, actor.Path)
	case err != nil:
		return h.refused(w, r, ticket, err)
	}
	return h.ask(w, r, ticket, offer)
}

func (h *Handlers) ask(w http.ResponseWriter, r *http.Request, ticket string, o *actor.Offer) error {
	user, err := h.who(r.Context(), o.User.ID)
	if err != nil {
		return err
	}
	by, err := h.who(r.Context(), o.Actor.ID)
	if err != nil {
		return err
	}
	p := page.Impersonate{Form: page.Form{Action: actor.Path}, User: user, Actor: by, Reason: o.Reason, Ticket: ticket,
		Minutes: int((o.Duration + time.Minute - 1) / time.Minute), Until: o.ExpiresAt, CancelURL: page.PathAccount}
	p.Locales = locales(o.Actor)
	return h.Pages.Render(w, r, http.StatusOK, p)
}

// begin is the answer to the question. The ticket stands in the form, so that it is the one that the page was about.
func (h *Handlers) begin(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.ReadForm(r)
	if err != nil {
		return err
	}
	current, err := h.current(r)
	if err != nil {
		return err
	}
	ticket := form.Get("ticket")
	if current != nil {
		r = r.WithContext(audit.WithSession(r.Context(), current.ID))
	}
	_, err = h.Actors.Redeem(w, r, ticket, current)
	switch {
	case errors.Is(err, actor.ErrNotSignedIn), errors.Is(err, session.ErrNone): // ended meanwhile
		h.keep(w, ticket)
		return h.signIn(w, r, ticket)
	case err != nil:
		return h.refused(w, r, ticket, err)
	}
	h.forget(w)
	return seeOther(w, r, page.PathAccount)
}

// signInURL is where the actor signs in and comes back from.
func (h *Handlers) signInURL(r *http.Request, ticket string) (string, error) {
	q := url.Values{"goal": {string(authflow.GoalImpersonate)}}
	hint, err := h.hint(r.Context(), ticket)
	if hint != "" {
		q.Set("login_hint", hint)
	}
	return "/signin?" + q.Encode(), err
}

func (h *Handlers) signIn(w http.ResponseWriter, r *http.Request, ticket string) error {
	to, err := h.signInURL(r, ticket)
	if err != nil {
		return err
	}
	return seeOther(w, r, to)
}

// seeOther goes to a page of ours, which does not learn the address of this one.
func seeOther(w http.ResponseWriter, r *http.Request, path string) error {
	httpx.NoStore(w.Header())
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
