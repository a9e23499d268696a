package api

import (
	"net/http"
	"path"
	"slices"
	"strings"

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
	_, resource := a.paths.Handler(r)
	switch methods := a.methods[resource]; {
	case resource == "":
		notFound("there is no such resource").write(r.Context(), w)
	case !slices.Contains(methods, r.Method):
		p := problem(http.StatusMethodNotAllowed, "method_not_allowed", "the resource does not know this method")
		p.header = http.Header{"Allow": {strings.Join(methods, ", ")}}
		p.write(r.Context(), w)
	default:
		a.mux.ServeHTTP(w, r)
	}
}

// resources notes which methods each path knows, and no other that could be read as one: /v1/users/export is no user whose id is
// "export", though http.ServeMux would take it for one with a method that the export has not (RFC 9110 15.5.6).
func (a *API) resources() {
	a.paths, a.methods = http.NewServeMux(), map[string][]string{pathDescription: {http.MethodGet, http.MethodHead}}
	for op := range a.operations() {
		a.methods[op.Path] = append(a.methods[op.Path], op.Method)
		if op.Method == http.MethodGet {
			a.methods[op.Path] = append(a.methods[op.Path], http.MethodHead)
		}
	}
	for resource, methods := range a.methods {
		slices.Sort(methods)
		a.paths.Handle(resource, http.NotFoundHandler())
	}
}

// CleanPaths answers 404 where a path of the API is not written as it is, with an empty or a dotted element. http.ServeMux would
// redirect, and what was meant for a resource would be sent to another, or its body a second time.
func CleanPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		is := r.URL.EscapedPath()
		to := path.Clean(is)
		if strings.HasPrefix(to+"/", "/v1/") && to != strings.TrimSuffix(is, "/") {
			httpx.NoStore(w.Header())
			notFound("there is no such resource").write(r.Context(), w)
			return
		}
		next.ServeHTTP(w, r)
	})
}
