package impersonate

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// Options of New. All are required but Log.
type Options struct {
	Issuer   string
	Store    *storage.Store
	Actors   *actor.Actors
	Sessions *session.Sessions
	Users    *user.Users
	Door     *logout.Door
	Pages    *page.Renderer
	Log      *slog.Logger // nil: slog.Default()
}

// Handlers are the pages.
type Handlers struct {
	Options
	secure bool // the issuer is https
}

// New returns the pages.
func New(o Options) *Handlers {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Handlers{Options: o, secure: strings.HasPrefix(o.Issuer, "https:")}
}

// Routes adds the pages to mux.
func (h *Handlers) Routes(mux *http.ServeMux) {
	protect := http.NewCrossOriginProtection()
	if u, err := url.Parse(h.Issuer); err == nil {
		// A proxy may hand on another Host than the browser's; the issuer's origin is ours in any case.
		_ = protect.AddTrustedOrigin(u.Scheme + "://" + u.Host)
	}
	protect.SetDenyHandler(h.page(func(http.ResponseWriter, *http.Request) error { return errForbidden }))
	handle := func(pattern string, fn func(http.ResponseWriter, *http.Request) error) {
		mux.Handle(pattern, protect.Handler(h.page(fn)))
	}
	handle("GET "+actor.Path, h.open)
	handle("POST "+actor.Path, h.begin)
	handle("GET "+page.PathActingStop, h.askStop)
	handle("POST "+page.PathActingStop, h.stop)
	for _, path := range []string{actor.Path, page.PathActingStop} {
		handle(path, func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Allow", "GET, POST")
			return errMethod
		})
	}
}
