package account

import (
	"errors"
	"html"
	"io"
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/session"
)

// watching is signedIn for what a page asks on its own while it stands open: it is no use of the session, which would never
// end idle otherwise, takes no notice that is meant for the page, and is answered 401 where there is no session.
func (h *Handlers) watching(next func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httpx.NoStore(w.Header())
		current, err := h.Sessions.Peek(r)
		var v *visit
		if err == nil {
			v, err = h.visitOf(w, r, current)
		}
		if err == nil {
			err = next(v)
		}
		switch {
		case errors.Is(err, session.ErrNone):
			w.WriteHeader(http.StatusUnauthorized)
		case err != nil:
			h.fail(w, r, err)
		}
	})
}

// live says whose session the browser has.
func (h *Handlers) live(v *visit) error {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Security-Policy", "default-src 'none'")
	v.w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(v.w, `<!doctype html><title>-</title><p data-session="`+html.EscapeString(v.current.ID)+`">`)
	return nil
}
