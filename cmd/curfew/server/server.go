package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/observe"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/consent"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/admin"
	"github.com/curfew-id/curfew/ui/page"
)

// Server is curfew, ready to serve. Its parts are there for the commands and tests that work on them directly.
type Server struct {
	Store        *storage.Store
	Clock        clock.Clock
	Ring         *key.Ring
	Tokens       *token.Tokens
	Clients      *client.Registry
	Users        *user.Users
	Factors      *factor.Factors
	Sessions     *session.Sessions
	Activity     *session.Activity
	Audit        *audit.Chains
	Door         *logout.Door
	Push         *push.Hub
	Consents     *consent.Consents
	Flows        *authflow.Flows
	Actors       *actor.Actors
	Outbox       *delivery.Outbox
	Queue        *delivery.Queue
	Webhooks     *webhook.Webhooks
	Console      *admin.Handlers
	WebhookQueue *delivery.Queue
	Metrics      *observe.Metrics
	Pages        *page.Renderer
	APIKeys      *apikey.Keys
	API          *api.API
	Handler      http.Handler

	opts   Options
	sealer *secret.Sealer
	sync   *clock.Synced // nil with a clock of the caller's
}

// Open connects to the database, makes all parts and the route table. Close gives everything back.
func Open(ctx context.Context, o Options) (_ *Server, err error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Metrics == nil {
		o.Metrics = observe.NewMetrics("")
	}
	store, err := storage.Open(ctx, o.DatabaseURL, storage.MaxConnections(o.MaxConnections))
	if err != nil {
		return nil, err
	}
	s := &Server{Store: store, Clock: o.Clock, Metrics: o.Metrics, opts: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, store.Close())
		}
	}()
	if err := s.prepareSchema(ctx); err != nil {
		return nil, err
	}
	if s.Clock == nil {
		if s.sync, err = clock.NewSynced(ctx, store.Now); err != nil {
			return nil, err
		}
		s.Clock = s.sync
	}
	if err := s.makeParts(ctx); err != nil {
		return nil, err
	}
	return s, s.makeHandler()
}

func (s *Server) prepareSchema(ctx context.Context) error {
	if s.opts.Migrate {
		applied, err := s.Store.Migrate(ctx)
		for _, name := range applied {
			s.opts.Log.InfoContext(ctx, "migrated", "migration", name)
		}
		return err
	}
	pending, err := s.Store.Pending(ctx)
	if err != nil || len(pending) > 0 {
		return fmt.Errorf("the database's schema is behind (run curfew migrate): %s", strings.Join(pending, ", "))
	}
	return nil
}

func (s *Server) makeParts(ctx context.Context) error {
	o := s.opts
	sealer, err := secret.NewSealer(o.MasterKey)
	if err != nil {
		return err
	}
	s.sealer = sealer
	keys := o.Keys
	keys.Clock, keys.Sealer = s.Clock, sealer
	if s.Ring, err = key.Open(ctx, s.Store, keys); err != nil {
		return err
	}
	o.Sessions.Secure = strings.HasPrefix(o.Issuer, "https:")
	o.Sessions.StateKey = secret.Derive(o.MasterKey, "browser state")
	s.Audit = audit.NewChains(o.Issuer, s.Store, s.Clock, o.MasterKey)
	s.Tokens = token.New(o.Issuer, s.Ring, s.Store, s.Clock, o.MasterKey)
	s.Clients = client.NewRegistry(s.Store, s.Clock)
	s.Users = user.New(s.Store, s.Clock)
	s.Activity = session.NewActivity(s.Store, s.Clock)
	s.APIKeys = apikey.New(s.Store, s.Clock)
	s.Door = logout.NewDoor(s.Store, s.Clients, s.Clock)
	s.Push = push.New(push.Options{Issuer: o.Issuer, Store: s.Store, Clock: s.Clock, Ring: s.Ring, Log: o.Log})
	s.Sessions = session.New(s.Store, s.Clock, s.Activity, s.Door, o.Sessions)
	absolute, idle := s.Sessions.Lifetimes()
	s.Clients.SetLimits(client.Limits{Lifetime: absolute, Idle: idle})
	s.Consents = consent.New(s.Store, s.Door, s.Clock)
	s.Factors = factor.New(s.Store, factor.Options{Clock: s.Clock, Key: o.MasterKey, Sealer: sealer, Policy: o.Password, Log: o.Log})
	s.Flows = authflow.New(o.Issuer, s.Store, s.Clock, s.Clients, s.Sessions, s.Consents, s.Factors)
	s.Queue = s.makeQueue()
	s.makeWebhooks(sealer)
	s.makeActors()
	if s.Pages, err = page.New(page.Options{Brand: o.Brand, Languages: o.Languages, Acting: s.banner().Acting}); err != nil {
		return err
	}
	s.API, err = api.New(s.apiOptions())
	return err
}

// Close stops sending mail and gives the database back.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s.Console.Close()
	return errors.Join(s.Outbox.Close(ctx), s.Activity.Flush(ctx), s.APIKeys.Note(ctx), s.Store.Close())
}

// makeHandler builds the whole route table: protocol, pages, management, and what operators look at.
func (s *Server) makeHandler() error {
	mux := http.NewServeMux()
	provider, err := op.New(op.Options{Issuer: s.opts.Issuer, Store: s.Store, Clock: s.Clock, Ring: s.Ring, Tokens: s.Tokens,
		Clients: s.Clients, Sessions: s.Sessions, Activity: s.Activity, Flows: s.Flows, Users: s.Users, Door: s.Door, Push: s.Push, Actors: s.Actors,
		Pages: s.protocolPages(), Locales: s.Pages.Languages()})
	if err != nil {
		return err
	}
	provider.Routes(mux)
	s.API.Routes(mux)
	s.pageRoutes(mux)
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)

	wrap := httpx.WrapOptions{Clock: s.Clock, Log: s.opts.Log, Requests: s.opts.Requests, Proxies: s.opts.Proxies,
		Meter: s.Metrics, HSTS: strings.HasPrefix(s.opts.Issuer, "https:"), Panicked: s.panicked}
	if s.opts.Tracing != nil {
		wrap.Trace = s.opts.Tracing.Requests()
	}
	s.Handler = httpx.Wrap(withOrigin(api.CleanPaths(mux)), wrap)
	return nil
}
