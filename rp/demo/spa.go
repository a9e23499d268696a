package demo

import "net/http"

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
