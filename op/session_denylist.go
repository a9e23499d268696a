package op

import (
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
)

// sessionDenyList serves the signed list of sessions that ended in the last minute and a half, for resource servers that
// check tokens offline. Only clients that can authenticate get it, each what it may know of: session ids are random and no
// credential, but the whole list tells how many sign out, and whose accounts were closed.
func (p *Provider) sessionDenyList(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	httpx.NoStore(w.Header()) // for errors
	who, err := p.backEndListener(r)
	if err != nil {
		writeRefusal(w, r, err)
		return
	}
	list, err := p.Push.Denied(who.scope, who.payer)
	if err != nil {
		writeBusy(w, err)
		return
	}
	h := w.Header()
	h.Del("Pragma")
	h.Set("Cache-Control", "private, max-age=1") // one a client; a second old is as good as new
	h.Set("Vary", "Authorization")
	h.Set("ETag", list.ETag)
	if matches(r.Header.Values("If-None-Match"), list.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/denylist+jwt")
	_, _ = w.Write(list.Body)
}
