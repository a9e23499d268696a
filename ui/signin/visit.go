package signin

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// visit is one request to a flow.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	ctx     context.Context
	flow    *authflow.Flow
	current *session.Current // nil: nobody is signed in
	step    authflow.Step    // as the request found it
	form    *httpx.Params    // of a POST
}

// pageFor makes the page of a step, with the faults of what was posted.
type pageFor func(v *visit, faults page.Errors) (page.Page, error)

// visit loads the flow in the path, which has to be this browser's, and derives its step.
func (h *Handlers) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	flow, err := h.Flows.Load(r.Context(), r.PathValue("flow"), h.Sessions.KnownBrowser(r))
	if err != nil {
		return nil, err
	}
	v := &visit{w: w, r: r, ctx: r.Context(), flow: flow}
	if v.current, err = h.Sessions.Current(r); err != nil && !errors.Is(err, session.ErrNone) {
		return nil, err
	}
	v.step, err = h.Flows.Next(v.ctx, flow, v.current)
	return v, err
}

// view answers a GET: with the page, or with what fn sent itself if it returns none.
func (h *Handlers) view(fn pageFor) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead { // it would end a flow without anybody seeing the answer
			h.nothingHere(w, r)
			return
		}
		v, err := h.visit(w, r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		h.show(v, http.StatusOK, fn, nil)
	}
}

// answer takes the answer to a step and goes back to the flow. A refused one shows the page again.
func (h *Handlers) answer(take func(*visit) error, again pageFor) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, err := httpx.ReadForm(r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		v, err := h.visit(w, r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		v.form = form
		err = take(v)
		var no *refusal
		switch {
		case errors.As(err, &no):
			if no.retry > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(no.retry))
			}
			h.show(v, no.status, again, no.faults)
		case err == nil, errors.Is(err, authflow.ErrStale): // answered twice at once: what came of it is seen there
			if w.Header().Get("Location") == "" {
				w.Header().Set("Location", flowURL(v.flow.ID))
			}
			httpx.NoStore(w.Header())
			w.WriteHeader(http.StatusSeeOther)
		default:
			h.fail(w, r, err)
		}
	}
}

func (h *Handlers) show(v *visit, status int, fn pageFor, faults page.Errors) {
	p, err := fn(v, faults)
	if err == nil && p != nil {
		err = h.Pages.Render(v.w, v.r, status, p)
	}
	if err != nil {
		h.fail(v.w, v.r, err)
	}
}

// base is what every page of the flow has: the client's wish for a language, then the user's own.
func (v *visit) base() page.Base {
	b := page.Base{Locales: v.flow.UILocales}
	if v.current != nil && v.current.User.Locale != "" {
		b.Locales = append(b.Locales[:len(b.Locales):len(b.Locales)], v.current.User.Locale)
	}
	return b
}

func (v *visit) app() string {
	if v.flow.Client == nil {
		return ""
	}
	return v.flow.Client.Name()
}

func (v *visit) url(answer string) string { return flowURL(v.flow.ID) + "/" + answer }

// typed is what stands in a field: what was posted, or what is known.
func (v *visit) typed(name, known string) string {
	if v.form != nil {
		return v.form.Get(name)
	}
	return known
}

// name is how the page calls who is signing in: as they typed it, or the address of the account that is signed in.
func (h *Handlers) name(v *visit) (string, error) {
	if v.flow.Identified || v.flow.UserID == "" {
		return v.flow.Email, nil
	}
	return h.email(v.ctx, v.flow.UserID)
}

func (h *Handlers) email(ctx context.Context, userID string) (string, error) {
	person, err := h.Users.Person(ctx, userID)
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return person.Email, nil
}

// who is who stands at the door. It reads as much for nobody as for somebody.
func (h *Handlers) who(r *http.Request, userID, identifier string) (factor.Who, error) {
	ctx := r.Context()
	who := factor.Who{UserID: userID, Identifier: identifier, Address: httpx.ClientAddr(ctx)}
	known, err := h.Sessions.IsKnownDevice(ctx, r, userID)
	if err != nil || !known {
		return who, err
	}
	device, err := h.Store.DeviceByCookie(ctx, h.Sessions.KnownBrowser(r))
	if errors.Is(err, storage.ErrNotFound) {
		return who, nil
	}
	if err != nil {
		return who, err
	}
	who.Device = device.ID
	return who, nil
}
