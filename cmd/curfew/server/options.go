package server

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/observe"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/session"
	uidev "github.com/curfew-id/curfew/ui/dev"
	"github.com/curfew-id/curfew/ui/page"
)

// Options of a Server. Issuer, DatabaseURL, MasterKey and Mailer are required.
type Options struct {
	Issuer      string
	DatabaseURL string
	MasterKey   []byte // the key-encryption key, 32 bytes, never in the database
	// Migrate brings the schema up to date at the start; without it a schema that is behind is an error.
	Migrate bool
	// Clock replaces the database's; for tests.
	Clock clock.Clock

	Log      *slog.Logger
	Requests httpx.RequestLog
	Metrics  *observe.Metrics // nil: a fresh one
	Tracing  *observe.Tracing // nil: none
	Proxies  *httpx.Proxies

	Mailer delivery.Mailer
	Texter delivery.Texter
	// MailByWebhook and TextByWebhook leave delivery to the endpoints of webhooks that chose email.created and sms.created.
	MailByWebhook, TextByWebhook bool
	// Mailbox, if set, is shown at /dev/mail. In development only: it shows everybody's codes to anybody.
	Mailbox *delivery.Mailbox
	// Authenticators are shown beside it, for the accounts that `curfew dev` gave one.
	Authenticators func(context.Context) ([]uidev.Authenticator, error)
	// DemoURL is shown on the root page; in development only.
	DemoURL string

	AllowPrivate []netip.Prefix // networks that outgoing requests may reach though they are not public

	APIRate  api.Rate // of each caller of the management API
	Sessions session.Options
	Keys     key.Options
	Password factor.Policy
	NoSignUp bool
	Brand    page.Brand
	// Languages of the pages, the first for people who ask for none of them; none means all there are.
	Languages []string
	// MaxConnections bounds the connections to PostgreSQL; 0 means storage's default.
	MaxConnections int
	// Drain is how long the server goes on accepting after a stop was asked for.
	Drain, ShutdownTimeout time.Duration
}
