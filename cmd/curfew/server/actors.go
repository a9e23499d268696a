package server

import (
	"context"
	"slices"

	"github.com/curfew-id/curfew/op"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/delivery"
)

// makeActors lets people act as others. In an impersonation no application gets a scope that opens something of curfew's own.
func (s *Server) makeActors() {
	s.Actors = actor.New(actor.Options{Issuer: s.opts.Issuer, Store: s.Store, Clock: s.Clock, Sessions: s.Sessions, Door: s.Door,
		NeverScopes: append(slices.Clone(api.Scopes), api.ScopeOwnMetadata, op.ScopeIntrospect, op.ScopeListen),
		Notify:      s.tellImpersonated})
	s.Flows.LetActorsIn(s.Actors)
}

// tellImpersonated sends a person the letter about somebody who acts as them. Who that is, is for the operator to say.
func (s *Server) tellImpersonated(ctx context.Context, n actor.Notice) {
	person, err := s.Users.Person(ctx, n.User.ID)
	if err == nil && person.Email == "" {
		return
	}
	if err == nil {
		var m delivery.Mail
		m, err = delivery.Write(delivery.Impersonated, person.Locale, person.Email, delivery.Facts{Service: s.opts.Brand.Name,
			URL: s.opts.Issuer + "/account", At: n.At, Target: n.Reason})
		if err == nil {
			err = s.Outbox.Mail(m)
		}
	}
	if err != nil {
		s.opts.Log.WarnContext(ctx, "letter about an impersonation not sent", "error", err)
	}
}
