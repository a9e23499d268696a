package op

import (
	"context"
	"net/http"

	zop "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// Options are the parts that a Provider is made of. All but Actors are required.
type Options struct {
	Issuer   string // as configured, never taken from a request
	Store    *storage.Store
	Clock    clock.Clock
	Ring     *key.Ring
	Tokens   *token.Tokens
	Clients  *client.Registry
	Sessions *session.Sessions
	Activity *session.Activity
	Flows    *authflow.Flows
	Users    *user.Users
	Door     *logout.Door
	Push     *push.Hub
	Actors   *actor.Actors // nil: nobody exchanges a token to act as somebody else
	Pages    Pages
	Locales  []string // of the hosted pages
}

// Pages renders what the protocol endpoints show to people.
type Pages struct {
	// Error shows an error that must not be sent to a client (RFC 6749 4.1.2.1).
	Error func(w http.ResponseWriter, r *http.Request, status int, code, description string)
	// FormPost sends an answer by a form (OAuth 2.0 Form Post Response Mode).
	FormPost func(w http.ResponseWriter, r *http.Request, a *authflow.Answer)
	// SignOutConfirm asks whether to sign out.
	SignOutConfirm func(w http.ResponseWriter, r *http.Request, s SignOut)
	// SignedOut says that it is done, loads the frames of the front channel and leads on.
	SignedOut func(w http.ResponseWriter, r *http.Request, s SignedOut)
	// CheckSession writes the page that relying parties frame. Its headers are set.
	CheckSession func(w http.ResponseWriter, r *http.Request, c CheckSession)
}

// SignOut is a request to sign out that needs the person's word.
type SignOut struct {
	Client    *client.Client // nil: nobody in particular asks
	Current   *session.Current
	Action    string
	Fields    map[string]string // to be sent along when the answer is yes
	UILocales []string
}

// SignedOut is a sign-out that is done.
type SignedOut struct {
	Client      *client.Client // nil: nobody in particular asked
	ContinueURL string         // where to go on to; empty for nowhere
	Frames      []string       // of the front channel
	UILocales   []string
}

// Provider answers the protocol endpoints.
type Provider struct {
	zop.UnimplementedServer // what we forget fails closed

	Options
	discovery []byte
	etag      string
	shell     http.Handler
}

var _ zop.Server = (*Provider)(nil)

// New returns a Provider.
func New(o Options) (*Provider, error) {
	p := &Provider{Options: o}
	if err := p.prepareDiscovery(); err != nil {
		return nil, err
	}
	p.shell = zop.RegisterServer(p, zop.Endpoints{
		Token:         zop.NewEndpoint(pathToken),
		Introspection: zop.NewEndpoint(pathIntrospect),
		Revocation:    zop.NewEndpoint(pathRevoke),
	}, zop.WithServerCORSOptions(nil)) // the shell's CORS reflects every origin with credentials
	return p, nil
}

// allowedOrigin tells whether a browser app of some client runs there.
func (p *Provider) allowedOrigin(ctx context.Context, origin string) bool {
	return p.Clients.AllowedOrigin(ctx, origin)
}
