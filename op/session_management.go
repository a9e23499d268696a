package op

import (
	"net/http"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/client"
)

// CheckSession is the page that a relying party frames to learn by messages whether the browser's session is still the one of
// its session_state (OpenID Connect Session Management 1.0 section 3.2). Its script is to be served by us, for its policy
// allows no other.
type CheckSession struct {
	Cookie     string // name of the cookie with the browser's state
	Attributes string // of the same, as script writes them; they begin with "; "
	EventsPath string // where the end of the session is told at once
}

// mostAncestors is how long the list of origins may be. Proxies refuse answers with headers of more than 4 or 8 KiB.
const mostAncestors = 3 << 10

// checkSession serves the page. It is the only one of ours that may be framed, and only by the origins that clients have
// registered redirect URIs on: whoever frames it can find out whether somebody is signed in here.
func (p *Provider) checkSession(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	httpx.NoStore(h)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	origins, err := p.Clients.FramingOrigins(r.Context())
	if err != nil {
		p.failPage(w, r, err)
		return
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "+
		"frame-ancestors "+ancestors(origins, r.Referer()))
	h.Add("Vary", "Referer")
	h.Del("X-Frame-Options") // it cannot name an origin; every browser in use knows frame-ancestors
	// A relying party that is cross-origin isolated frames only what agrees to it (HTML 7.1.4).
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Content-Type", "text/html; charset=utf-8")
	name, attributes := p.Sessions.StateCookie()
	p.Pages.CheckSession(w, r, CheckSession{Cookie: name, Attributes: attributes, EventsPath: pathEvents})
}

// ancestors says who may frame the page: the page that does, where it says who it is (Referer, by default the origin), otherwise
// every registered origin. Where these are too many for a header, an app has to say who it is.
func ancestors(registered []string, referer string) string {
	if o := client.WebOrigin(referer); slices.Contains(registered, o) {
		return o
	}
	all := strings.Join(registered, " ")
	if all == "" || len(all) > mostAncestors {
		return "'none'"
	}
	return all
}
