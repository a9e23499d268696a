package admin

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/claims"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// Options of New. All are required but those that say what is missing means.
type Options struct {
	Issuer    string
	Store     *storage.Store
	Clock     clock.Clock
	Ring      *key.Ring
	Sessions  *session.Sessions
	Users     *user.Users
	Factors   *factor.Factors
	Clients   *client.Registry
	Door      *logout.Door
	Push      *push.Hub // nil: pages look again by themselves
	Outbox    *delivery.Outbox
	Actors    *actor.Actors // nil: nobody acts as somebody else
	Templates *claims.Templates
	Webhooks  *webhook.Webhooks
	APIKeys   *apikey.Keys
	Audit     *audit.Chains
	Pages     *page.Renderer

	// MailByWebhook and TextByWebhook: mail and text messages are left to the endpoints of webhooks.
	MailByWebhook, TextByWebhook bool

	Service string       // the name people know the service by, in mails; "": curfew
	Log     *slog.Logger // nil: slog.Default()
}

// Handlers are the console's pages.
type Handlers struct {
	Options
	host       string // of the issuer
	secure     bool   // the issuer is https
	sameOrigin *http.CrossOriginProtection
	totals     totals
	checks     checks

	// What outlasts the request that began it: it stops with Close.
	background     context.Context
	stopBackground context.CancelFunc
	running        sync.WaitGroup
}

// New returns the pages.
func New(o Options) *Handlers {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Service = cmp.Or(o.Service, "curfew")
	h := &Handlers{Options: o, secure: strings.HasPrefix(o.Issuer, "https:"), sameOrigin: http.NewCrossOriginProtection()}
	if u, err := url.Parse(o.Issuer); err == nil {
		h.host = u.Hostname()
		// Behind a proxy the Host header may be another name; the issuer's origin is ours in any case.
		_ = h.sameOrigin.AddTrustedOrigin(u.Scheme + "://" + u.Host)
	}
	h.background, h.stopBackground = context.WithCancel(context.Background())
	return h
}

// Close stops what runs behind the pages. It is called before the store is closed, when no request comes any more.
func (h *Handlers) Close() {
	h.stopBackground()
	h.running.Wait()
}
