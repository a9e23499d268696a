package account

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// Errors that have a page.
var (
	errForbidden = errors.New("cross-origin request")
	errMethod    = errors.New("method not allowed")
	errNotFound  = errors.New("no such page, or not this user's")
	errNotOwn    = errors.New("the user is impersonated")
	errBadForm   = errors.New("a value that the page does not offer")
)

// fail shows the page of an error. What was wrong inside stands in the log and nowhere else.
func (h *Handlers) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil { // nobody is there to read the answer
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	p := page.Error{RequestID: httpx.RequestID(r.Context()), Back: page.Link{URL: page.PathAccount, Label: page.BackToAccount}}
	var status int
	status, p.Kind, p.RetryAfter = errorPage(err)
	if p.Kind == page.ErrorInternal {
		h.Log.ErrorContext(r.Context(), "request failed", "error", err, "request_id", p.RequestID)
	}
	if err := h.Pages.Render(w, r, status, p); err != nil {
		h.Log.ErrorContext(r.Context(), "page of an error not rendered", "error", err, "request_id", p.RequestID)
		http.Error(w, http.StatusText(status), status)
	}
}

func errorPage(err error) (status int, kind page.ErrorKind, retryAfter int) {
	var form *httpx.BadRequest
	var throttled *factor.Throttled
	switch {
	case errors.Is(err, errForbidden):
		return http.StatusForbidden, page.ErrorForbidden, 0
	case errors.Is(err, errNotOwn):
		return http.StatusForbidden, page.ErrorImpersonated, 0
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed, page.ErrorMethod, 0
	case errors.Is(err, errNotFound):
		return http.StatusNotFound, page.ErrorNotFound, 0
	case errors.Is(err, errBadForm):
		return http.StatusBadRequest, page.ErrorBadRequest, 0
	case errors.As(err, &form):
		return form.Status, page.ErrorBadRequest, 0
	case errors.As(err, &throttled):
		return http.StatusTooManyRequests, page.ErrorTooMany, seconds(throttled.RetryAfter)
	case errors.Is(err, factor.ErrBusy):
		return http.StatusServiceUnavailable, page.ErrorUnavailable, seconds(factor.BusyRetryAfter)
	case errors.Is(err, storage.ErrConflict): // somebody else, or the same person in another window, was faster
		return http.StatusConflict, page.ErrorBadRequest, 0
	default:
		return http.StatusInternalServerError, page.ErrorInternal, 0
	}
}

// seconds rounds up: who waits that long does not come too early.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
