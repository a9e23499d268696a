package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/claims"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// SessionToken is a token that a named template made.
type SessionToken struct {
	Object    string `json:"object" enum:"token"`
	JWT       string `json:"jwt"`
	ExpiresIn int64  `json:"expires_in" doc:"Seconds, 60 at most"`
}

type (
	sessionTokenInput struct {
		ID       string `path:"id"`
		Template string `path:"template" maxLength:"64"`
	}
	ownTokenInput struct {
		Template string `path:"template" maxLength:"64"`
	}
	sessionTokenOutput struct{ Body SessionToken }
)

func (a *API) sessionTokenOperations() {
	operation(a, ScopeTokensCreate, huma.Operation{OperationID: "create-session-token", Method: http.MethodPost,
		Path: "/v1/sessions/{id}/tokens/{template}", Tags: []string{"sessions"}, Summary: "Make a token of a session by a named template",
		Description: "For services that want claims of their own in a JWT. It carries sid, its audience is the template's name, " +
			"and it lives 60 seconds at most. A session that is not live has none."}, a.createSessionToken)
	ownOperation(a, "openid", huma.Operation{OperationID: "create-own-token", Method: http.MethodPost, Path: "/v1/me/tokens/{template}",
		Tags: []string{"me"}, Summary: "Make a token of one's own session by a named template"}, a.createOwnToken)
}

func (a *API) createSessionToken(ctx context.Context, in *sessionTokenInput) (*sessionTokenOutput, error) {
	if !isA(id.Session, in.ID) {
		return nil, storage.ErrNotFound
	}
	row, err := a.Store.Session(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return a.namedToken(ctx, in.Template, &storage.Grant{UserID: row.UserID, SessionID: row.ID})
}

// createOwnToken is for the app itself, with the access token that it has.
func (a *API) createOwnToken(ctx context.Context, in *ownTokenInput) (*sessionTokenOutput, error) {
	g := ownOf(ctx)
	return a.namedToken(ctx, in.Template, g)
}

// namedToken makes one for a grant, of which the client is empty where the management API asks.
func (a *API) namedToken(ctx context.Context, template string, g *storage.Grant) (*sessionTokenOutput, error) {
	now := a.Clock.Now() // before the session is read: the token's life counts from here
	s, user, err := a.Store.LiveSession(ctx, g.UserID, g.SessionID, now)
	if err != nil {
		return nil, err
	}
	actor, actorSID := s.ActorSub, s.ActorSessionID
	if actor == "" { // a token that was exchanged has an actor in the user's own session
		actor, actorSID = g.ActorSub, g.ActorSessionID
	}
	about := &claims.Session{ID: s.ID, Kind: string(s.Kind), ACR: s.ACR, AuthenticatedAt: s.AuthenticatedAt.Time,
		ExpiresAt: s.ExpiresAt.Time, ClientID: g.ClientID, ActorSub: actor, ActorSID: actorSID}
	var until time.Time // the client's own limit holds for what it gets here too
	if g.ClientID != "" {
		c, err := a.Clients.Get(ctx, g.ClientID)
		if errors.Is(err, client.ErrUnknown) {
			return nil, storage.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		about.ClientName, until = c.Name(), c.Until(s.AuthenticatedAt.Time)
	}
	members, err := a.Tokens.Templates().Named(ctx, template, user, about)
	if err != nil {
		return nil, err
	}
	jwt, err := a.Tokens.Named(nil, token.Named{Template: template, Subject: g.UserID, SessionID: g.SessionID, ClientID: g.ClientID,
		Members: members, ActorSub: actor, ActorSessionID: actorSID}, now, until)
	if err != nil {
		return nil, err
	}
	return &sessionTokenOutput{SessionToken{Object: "token", JWT: string(jwt), ExpiresIn: a.Tokens.Left(now)}}, nil
}
