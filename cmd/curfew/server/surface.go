package server

import (
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/ui/account"
	"github.com/curfew-id/curfew/ui/admin"
	uidev "github.com/curfew-id/curfew/ui/dev"
	"github.com/curfew-id/curfew/ui/impersonate"
	"github.com/curfew-id/curfew/ui/page"
	"github.com/curfew-id/curfew/ui/signin"
)

func (s *Server) apiOptions() api.Options {
	return api.Options{Issuer: s.opts.Issuer, Store: s.Store, Clock: s.Clock, Ring: s.Ring, Tokens: s.Tokens,
		Clients: s.Clients, Users: s.Users, Factors: s.Factors, Door: s.Door, Keys: s.APIKeys, Consents: s.Consents, Sealer: s.sealer, Rate: s.opts.APIRate, Actors: s.Actors, Webhooks: s.Webhooks, Log: s.opts.Log}
}

// pageRoutes adds what people see.
func (s *Server) pageRoutes(mux *http.ServeMux) {
	o := s.opts
	signin.New(signin.Options{Issuer: o.Issuer, Store: s.Store, Clock: s.Clock, Flows: s.Flows, Sessions: s.Sessions,
		Factors: s.Factors, Users: s.Users, Door: s.Door, Outbox: s.Outbox, Pages: s.Pages, Service: o.Brand.Name,
		SignUpEnabled: !o.NoSignUp, MinPassword: o.Password.MinLength, Log: o.Log}).Routes(mux)
	pages := account.Options{Issuer: o.Issuer, Store: s.Store, Clock: s.Clock, Sessions: s.Sessions, Users: s.Users,
		Factors: s.Factors, Clients: s.Clients, Consents: s.Consents, Door: s.Door, Outbox: s.Outbox, Pages: s.Pages,
		Service: o.Brand.Name, SMS: s.texts(), MinPasswordLength: o.Password.MinLength}
	if o.Mailbox != nil {
		uidev.New(uidev.Options{Mailbox: o.Mailbox, Pages: s.Pages, Authenticators: o.Authenticators, Clock: s.Clock}).Routes(mux)
		pages.DemoURL, pages.MailURL = o.DemoURL, o.Issuer+uidev.PathMail
	}
	account.New(pages).Routes(mux)
	impersonate.New(impersonate.Options{Issuer: o.Issuer, Store: s.Store, Actors: s.Actors, Sessions: s.Sessions,
		Users: s.Users, Door: s.Door, Pages: s.Pages, Log: o.Log}).Routes(mux)
	s.Console = admin.New(admin.Options{Issuer: o.Issuer, Store: s.Store, Clock: s.Clock, Ring: s.Ring, Sessions: s.Sessions, Users: s.Users,
		Factors: s.Factors, Clients: s.Clients, Door: s.Door, Push: s.Push, Outbox: s.Outbox, Actors: s.Actors, APIKeys: s.APIKeys, Templates: s.Tokens.Templates(),
		Webhooks: s.Webhooks, MailByWebhook: o.MailByWebhook, TextByWebhook: o.TextByWebhook, Audit: s.Audit, Pages: s.Pages,
		Service: o.Brand.Name, Log: o.Log})
	s.Console.Routes(mux)
	mux.Handle(page.StaticPath, page.Static())
	mux.HandleFunc("/", s.notFound)
}

// banner is what every page says while somebody acts as somebody else.
func (s *Server) banner() impersonate.Banner {
	return impersonate.Banner{Sessions: s.Sessions, Users: s.Users, Log: s.opts.Log}
}

// notFound is the page for every address that nothing is at.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusNotFound, page.Error{Kind: page.ErrorNotFound, RequestID: httpx.RequestID(r.Context())})
}
