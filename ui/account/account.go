package account

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/consent"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/ended"
	"github.com/curfew-id/curfew/ui/page"
)

// Options of New. All are required but those that say what is missing means.
type Options struct {
	Issuer   string
	Store    *storage.Store
	Clock    clock.Clock
	Sessions *session.Sessions
	Users    *user.Users
	Factors  *factor.Factors
	Clients  *client.Registry
	Consents *consent.Consents
	Door     *logout.Door
	Outbox   *delivery.Outbox
	Pages    *page.Renderer

	// Service is the name people know the service by, in mails; "": curfew.
	Service string
	// SMS offers codes by text message: there is a way to send them.
	SMS bool
	// MinPasswordLength is in characters, as the policy of Factors has it; 0: factor.DefaultMinPasswordLength.
	MinPasswordLength int
	// DemoURL and MailURL are shown on the root page; in development only.
	DemoURL, MailURL string
	Log              *slog.Logger // nil: slog.Default()
}

// Handlers are the account pages and the root page.
type Handlers struct {
	Options
	host       string // of the issuer
	secure     bool   // the issuer is https
	sameOrigin *http.CrossOriginProtection
	ended      ended.Notices
}

// New returns the pages.
func New(o Options) *Handlers {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Service = cmp.Or(o.Service, "curfew")
	o.MinPasswordLength = cmp.Or(o.MinPasswordLength, factor.DefaultMinPasswordLength)
	h := &Handlers{Options: o, secure: strings.HasPrefix(o.Issuer, "https:"), sameOrigin: http.NewCrossOriginProtection(),
		ended: ended.Notices{Issuer: o.Issuer, Sessions: o.Sessions, Door: o.Door}}
	if u, err := url.Parse(o.Issuer); err == nil {
		h.host = u.Hostname()
		// Behind a proxy the Host header may be another name; the issuer's origin is ours in any case.
		_ = h.sameOrigin.AddTrustedOrigin(u.Scheme + "://" + u.Host)
	}
	return h
}
