package api

import (
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// Options are the parts that an API is made of. All but Log are required.
type Options struct {
	Issuer  string // as configured: the server that the OpenAPI description names
	Store   *storage.Store
	Clock   clock.Clock
	Ring    *key.Ring
	Tokens  *token.Tokens
	Clients *client.Registry
	Users   *user.Users
	Factors *factor.Factors
	Door    *logout.Door
	Log     *slog.Logger // nil: slog.Default()
}

// API answers /v1.
type API struct {
	Options
	mux         *http.ServeMux
	huma        huma.API
	description []byte
}

// New returns an API. Its error is a mistake in the package itself: an operation that declares no scope.
func New(o Options) (*API, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	a := &API{Options: o, mux: http.NewServeMux()}
	a.huma = huma.NewAPI(a.config(), humago.NewAdapter(a.mux, ""))
	a.huma.UseMiddleware(a.authenticate, a.readStrictly)
	a.userOperations()
	a.userMetadataOperations()
	a.applicationOperations()
	a.sessionOperations()
	a.sessionEndOperations()
	a.deviceOperations()
	a.deliveryOperations()
	a.claimTemplateOperations()
	a.sessionTokenOperations()
	a.ownMetadataOperations()
	if err := a.checkScopes(); err != nil {
		return nil, err
	}
	if err := a.describe(); err != nil {
		return nil, err
	}
	a.mux.HandleFunc("GET "+pathDescription, a.serveDescription)
	return a, nil
}
