package demo

import (
	"net/http"
	"strings"

	"github.com/curfew-id/curfew/rp/js"
)

// modulePath is where the browser app finds the relying party for browsers. It lies below staticPath, whose digest says
// when it changes.
var modulePath = staticPath + "curfew/"

// module serves the relying party for browsers.
func module() http.Handler {
	serve := http.StripPrefix(modulePath, http.FileServerFS(js.FS))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		serve.ServeHTTP(w, r)
	})
}

var spaPage = page("spa.html")

type spaData struct {
	shell
	Dial        dial
	ClientID    string
	RedirectURI string
}

// spa is the browser app. Nothing here is about the user: the page's script is the client.
func (d *demo) spa(w http.ResponseWriter, _ *http.Request) {
	// The script talks to the provider, and to nobody else.
	w.Header().Set("Content-Security-Policy", policy(origin(d.app.Metadata().TokenEndpoint)))
	d.render(w, http.StatusOK, spaPage, spaData{
		shell: d.shell("Browser app", "spa"), Dial: dial{Ticks: ticks(0)},
		ClientID: d.cfg.SPAClientID, RedirectURI: SPARedirectURI(d.cfg.BaseURL),
	})
}
