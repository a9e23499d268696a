package api

import (
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/consent"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/userimport"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
)

// Options are the parts that an API is made of. All but Log are required.
type Options struct {
	Issuer   string // as configured: the server that the OpenAPI description names
	Store    *storage.Store
	Clock    clock.Clock
	Ring     *key.Ring
	Tokens   *token.Tokens
	Clients  *client.Registry
	Users    *user.Users
	Factors  *factor.Factors
	Door     *logout.Door
	Keys     *apikey.Keys
	Consents *consent.Consents
	Sealer   *secret.Sealer // for the answers that are kept for repeated requests
	Rate     Rate           // of each caller; zero for the default
	Actors   *actor.Actors
	Webhooks *webhook.Webhooks
	Log      *slog.Logger // nil: slog.Default()
}

// API answers /v1.
type API struct {
	Options
	mux         *http.ServeMux
	paths       *http.ServeMux      // of all resources, whatever the method
	methods     map[string][]string // of each, sorted
	huma        huma.API
	description []byte
	limiter     *limiter
	imports     *userimport.Imports
}

// New returns an API. Its error is a mistake in the package itself: an operation that declares no scope.
func New(o Options) (*API, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	a := &API{Options: o, mux: http.NewServeMux()}
	a.huma = huma.NewAPI(a.config(), humago.NewAdapter(a.mux, ""))
	a.imports = userimport.New(a.Store, a.Clock)
	a.limiter = newLimiter(a.Clock, o.Rate)
	a.huma.UseMiddleware(a.authenticate, a.limitRate, a.readStrictly, a.runOnce)
	a.userOperations()
	a.userMetadataOperations()
	a.applicationOperations()
	a.sessionOperations()
	a.sessionEndOperations()
	a.deviceOperations()
	a.deliveryOperations()
	a.claimTemplateOperations()
	a.sessionTokenOperations()
	a.webhookOperations()
	a.apiKeyOperations()
	a.userImportOperations()
	a.auditOperations()
	a.signingKeyOperations()
	a.consentOperations()
	a.ownMetadataOperations()
	a.actorTokenOperations()
	a.policyOperations()
	if err := a.checkScopes(); err != nil {
		return nil, err
	}
	if err := a.describe(); err != nil {
		return nil, err
	}
	a.mux.HandleFunc("GET "+pathDescription, a.serveDescription)
	a.resources()
	return a, nil
}
