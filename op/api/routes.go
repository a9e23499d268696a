package api

import (
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
)

// Routes mounts everything under /v1.
func (a *API) Routes(mux *http.ServeMux) {
	mux.HandleFunc("/v1/", a.serve)
	// What is for people is called by apps in their browsers; what is for administrators by none.
	mux.Handle("/v1/me/", httpx.CORSRegistered(http.HandlerFunc(a.serve), "GET, POST, PATCH", a.Clients.AllowedOrigin))
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	httpx.NoStore(w.Header())
	if h, pattern := a.mux.Handler(r); pattern == "" {
		a.serveNothing(w, r, h)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// serveNothing answers where no operation is. http.ServeMux knows whether the path or only the method is wrong, and
// would say it in plain text.
func (a *API) serveNothing(w http.ResponseWriter, r *http.Request, h http.Handler) {
	seen := &headOnly{header: http.Header{}}
	h.ServeHTTP(seen, r)
	p := notFound("there is no such resource")
	if seen.status == http.StatusMethodNotAllowed {
		p = problem(http.StatusMethodNotAllowed, "method_not_allowed", "the resource does not know this method")
		p.header = http.Header{"Allow": seen.header["Allow"]}
	}
	p.write(r.Context(), w)
}

// headOnly keeps status and headers of an answer and drops the rest.
type headOnly struct {
	header http.Header
	status int
}

func (h *headOnly) Header() http.Header         { return h.header }
func (h *headOnly) Write(b []byte) (int, error) { return len(b), nil }
func (h *headOnly) WriteHeader(status int)      { h.status = status }
