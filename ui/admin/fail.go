package admin

import (
	"context"
	"errors"
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// Errors that have a page.
var (
	errForbidden = errors.New("cross-origin request")
	errMethod    = errors.New("method not allowed")
	errNotFound  = errors.New("no such page, or not this role's")
	errBadForm   = errors.New("a value that the page does not offer")
)

// fail shows the page of an error. What was wrong inside stands in the log and nowhere else.
func (h *Handlers) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil { // nobody is there to read the answer
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	p := page.Error{RequestID: httpx.RequestID(r.Context())}
	var status int
	status, p.Kind = errorPage(err)
	if p.Kind == page.ErrorInternal {
		h.Log.ErrorContext(r.Context(), "request failed", "error", err, "request_id", p.RequestID)
	}
	if err := h.Pages.Render(w, r, status, p); err != nil {
		h.Log.ErrorContext(r.Context(), "page of an error not rendered", "error", err, "request_id", p.RequestID)
		http.Error(w, http.StatusText(status), status)
	}
}

func errorPage(err error) (status int, kind page.ErrorKind) {
	var form *httpx.BadRequest
	switch {
	case errors.Is(err, errForbidden):
		return http.StatusForbidden, page.ErrorForbidden
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed, page.ErrorMethod
	case errors.Is(err, errNotFound), errors.Is(err, storage.ErrNotFound), errors.Is(err, client.ErrUnknown):
		return http.StatusNotFound, page.ErrorNotFound
	case errors.Is(err, errBadForm):
		return http.StatusBadRequest, page.ErrorBadRequest
	case errors.As(err, &form):
		return form.Status, page.ErrorBadRequest
	case errors.Is(err, storage.ErrConflict), errors.Is(err, user.ErrLastOwner): // somebody else, or the same person in another window, was faster
		return http.StatusConflict, page.ErrorBadRequest
	default:
		return http.StatusInternalServerError, page.ErrorInternal
	}
}
