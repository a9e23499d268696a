package signin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/ui/page"
)

// fail shows the page of what cannot go on. What went wrong here stands in the log and nowhere else.
func (h *Handlers) fail(w http.ResponseWriter, r *http.Request, err error) {
	var bad *httpx.BadRequest
	var no *refusal
	startOver := page.Link{URL: "/signin", Label: page.StartOver}
	switch {
	case errors.Is(err, authflow.ErrBrowser):
		h.error(w, r, http.StatusBadRequest, page.Error{Kind: page.ErrorBrowser, Back: startOver})
	case errors.Is(err, authflow.ErrGone):
		h.error(w, r, http.StatusGone, page.Error{Kind: page.ErrorExpired, Back: startOver})
	case errors.As(err, &bad):
		p := page.Error{Kind: page.ErrorBadRequest, Code: "invalid_request", Detail: bad.Text}
		if bad.Status == http.StatusMethodNotAllowed {
			p.Kind = page.ErrorMethod
		}
		h.error(w, r, bad.Status, p)
	case errors.As(err, &no):
		p := page.Error{Kind: page.ErrorTooMany, RetryAfter: no.retry, Back: startOver}
		if no.status == http.StatusServiceUnavailable {
			p.Kind = page.ErrorUnavailable
		}
		h.error(w, r, no.status, p)
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil: // nobody is there to read the answer
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		h.Log.ErrorContext(r.Context(), "request failed", slog.Any("error", err),
			slog.String("request_id", httpx.RequestID(r.Context())))
		h.error(w, r, http.StatusInternalServerError, page.Error{Kind: page.ErrorInternal})
	}
}

func (h *Handlers) error(w http.ResponseWriter, r *http.Request, status int, p page.Error) {
	p.RequestID = httpx.RequestID(r.Context())
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if err := h.Pages.Render(w, r, status, p); err != nil {
		h.Log.ErrorContext(r.Context(), "page not rendered", slog.Any("error", err))
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}

// forbidden answers a POST from another origin (cross-site request forgery).
func (h *Handlers) forbidden(w http.ResponseWriter, r *http.Request) {
	h.error(w, r, http.StatusForbidden, page.Error{Kind: page.ErrorForbidden})
}

// nothingHere answers a path that is none of ours, or one of ours in a way that it does not know.
func (h *Handlers) nothingHere(w http.ResponseWriter, r *http.Request) {
	back := page.Link{URL: "/signin", Label: page.BackToSignIn}
	if r.Method == http.MethodGet {
		h.error(w, r, http.StatusNotFound, page.Error{Kind: page.ErrorNotFound, Back: back})
		return
	}
	w.Header().Set("Allow", "GET, POST")
	h.error(w, r, http.StatusMethodNotAllowed, page.Error{Kind: page.ErrorMethod, Back: back})
}
