package op

import (
	"errors"
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
)

// badRequestPage shows what was wrong with a request that a browser brought.
func (p *Provider) badRequestPage(w http.ResponseWriter, r *http.Request, err error) {
	var bad *httpx.BadRequest
	if !errors.As(err, &bad) {
		p.failPage(w, r, err)
		return
	}
	if bad.Status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "GET, HEAD, POST")
	}
	p.Pages.Error(w, r, bad.Status, "invalid_request", "The link that brought you here is damaged: "+bad.Text+".")
}

// failPage shows that something went wrong here; what it was stands in the log.
func (p *Provider) failPage(w http.ResponseWriter, r *http.Request, err error) {
	logFailure(r.Context(), err)
	p.Pages.Error(w, r, http.StatusInternalServerError, "server_error", "")
}
