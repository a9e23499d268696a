package signin

import (
	"log/slog"
	"net/url"
	"strings"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// Options are the parts that the pages work on. All are required but those that say what is missing means.
type Options struct {
	Issuer   string // as configured; links in mails begin with it
	Store    *storage.Store
	Clock    clock.Clock
	Flows    *authflow.Flows
	Sessions *session.Sessions
	Factors  *factor.Factors
	Users    *user.Users
	Door     *logout.Door
	Outbox   *delivery.Outbox
	Pages    *page.Renderer

	Service string // the name people know the service by, in mails; "": curfew
	// SignUpEnabled lets people make accounts for themselves.
	SignUpEnabled bool
	MinPassword   int          // characters, as the policy of Factors has it; 0: factor.DefaultMinPasswordLength
	TermsURL      string       // shown at sign-up; "" for none
	PolicyURL     string       // shown at sign-up; "" for none
	Log           *slog.Logger // nil: slog.Default()
}

// Handlers serves the pages.
type Handlers struct {
	Options
	base string // the issuer without a slash at its end
	host string // of the issuer, without the port
}

// New returns the Handlers.
func New(o Options) *Handlers {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Service == "" {
		o.Service = "curfew"
	}
	if o.MinPassword == 0 {
		o.MinPassword = factor.DefaultMinPasswordLength
	}
	h := &Handlers{Options: o, base: strings.TrimRight(o.Issuer, "/")}
	if u, err := url.Parse(o.Issuer); err == nil {
		h.host = u.Hostname()
	}
	return h
}
