package impersonate

import (
	"context"
	"errors"
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/ui/page"
)

// Errors that have a page.
var (
	errForbidden = errors.New("cross-origin request")
	errMethod    = errors.New("method not allowed")
)

// page makes a handler of one that returns its error.
func (h *Handlers) page(fn func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := fn(w, r); err != nil {
			h.fail(w, r, err)
		}
	})
}

// refused says why a ticket does not work. One that never will is forgotten.
func (h *Handlers) refused(w http.ResponseWriter, r *http.Request, ticket string, err error) error {
	status, kind, ok := refusal(err)
	if !ok {
		return err
	}
	p := page.Error{Kind: kind}
	switch kind {
	case page.ErrorActingOther:
		to, err := h.signInURL(r, ticket)
		if err != nil {
			return err
		}
		p.Back = page.Link{URL: to, Label: page.OtherAccount}
	case page.ErrorActingWaiting:
		p.Back = page.Link{URL: actor.Path, Label: page.LookAgain}
	case page.ErrorActingNested:
	default:
		h.forget(w)
		p.Back = page.Link{URL: page.PathAccount, Label: page.BackToAccount}
	}
	return h.show(w, r, status, p)
}

// refusal is the status and the page of an error of package actor.
func refusal(err error) (status int, kind page.ErrorKind, ok bool) {
	switch {
	case errors.Is(err, actor.ErrUnknown):
		return http.StatusNotFound, page.ErrorActingUnknown, true
	case errors.Is(err, actor.ErrRedeemed):
		return http.StatusGone, page.ErrorActingUsed, true
	case errors.Is(err, actor.ErrExpired):
		return http.StatusGone, page.ErrorActingExpired, true
	case errors.Is(err, actor.ErrRevoked):
		return http.StatusGone, page.ErrorActingRevoked, true
	case errors.Is(err, actor.ErrNotYours):
		return http.StatusForbidden, page.ErrorActingOther, true
	case errors.Is(err, actor.ErrNested):
		return http.StatusConflict, page.ErrorActingNested, true
	case errors.Is(err, actor.ErrNotApproved):
		return http.StatusForbidden, page.ErrorActingWaiting, true
	case errors.Is(err, actor.ErrRefused):
		return http.StatusForbidden, page.ErrorActingRefused, true
	}
	return 0, "", false
}

// fail shows the page of what went wrong otherwise. What it was stands in the log and nowhere else.
func (h *Handlers) fail(w http.ResponseWriter, r *http.Request, err error) {
	var bad *httpx.BadRequest
	status, p := http.StatusInternalServerError, page.Error{Kind: page.ErrorInternal}
	switch {
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil: // nobody is there to read the answer
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case errors.Is(err, errForbidden):
		status, p.Kind = http.StatusForbidden, page.ErrorForbidden
	case errors.Is(err, errMethod):
		status, p.Kind = http.StatusMethodNotAllowed, page.ErrorMethod
	case errors.As(err, &bad):
		status, p.Kind = bad.Status, page.ErrorBadRequest
	default:
		h.Log.ErrorContext(r.Context(), "request failed", "error", err, "request_id", httpx.RequestID(r.Context()))
	}
	if err := h.show(w, r, status, p); err != nil {
		h.Log.ErrorContext(r.Context(), "page not rendered", "error", err)
		http.Error(w, http.StatusText(status), status)
	}
}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request, status int, p page.Error) error {
	p.RequestID = httpx.RequestID(r.Context())
	return h.Pages.Render(w, r, status, p)
}
