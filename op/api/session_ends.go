package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// SessionsEnd says that many sessions ended at once: of a user, those that an application took part in, or everybody's.
type SessionsEnd struct {
	Object   string  `json:"object" enum:"sessions_end"`
	UserID   *string `json:"user_id" doc:"Whose; null for those of an application and for everybody's"`
	ClientID *string `json:"client_id" doc:"The application that took part in them; null for those of a user and for everybody's"`
	EndedAt  int64   `json:"ended_at"`
}

type sessionsEndOutput struct{ Body SessionsEnd }

const endedAtOnce = "When this answers it is true, however many sessions that are: every refresh token of theirs is refused, userinfo and " +
	"introspection know no token of them, and no cookie of theirs signs in. Applications that listen are told at once; the back " +
	"channel of each session, its event and its status in the list follow within seconds. Sessions that begin from now on stand."

func (a *API) sessionEndOperations() {
	operation(a, ScopeSessionsWrite, huma.Operation{OperationID: "end-user-sessions", Method: http.MethodPost,
		Path: "/v1/users/{id}/end_sessions", Summary: "End all sessions of a user", Tags: []string{"users"},
		Description: endedAtOnce}, a.endUserSessions)
	operation(a, ScopeSessionsWrite, huma.Operation{OperationID: "end-oauth-application-sessions", Method: http.MethodPost,
		Path: "/v1/oauth_applications/{id}/end_sessions", Summary: "End all sessions that an application took part in",
		Tags: []string{"oauth_applications"}, Description: "The sessions end as a whole, for every application, so that " +
			"oauth_applications:write or sessions:end_all is needed as well. " + endedAtOnce},
		a.endApplicationSessions)
	operation(a, ScopeSessionsEndAll, huma.Operation{OperationID: "end-all-sessions", Method: http.MethodPost,
		Path: "/v1/sessions/end_all", Summary: "End all sessions of everybody", Tags: []string{"sessions"},
		Description: endedAtOnce}, a.endAllSessions)
}

func (a *API) endUserSessions(ctx context.Context, in *userInput) (*sessionsEndOutput, error) {
	if !isA(id.User, in.ID) {
		return nil, storage.ErrNotFound
	}
	if err := a.mayEnd(ctx, a.Store, in.ID); err != nil {
		return nil, err
	}
	return a.endMany(SessionsEnd{UserID: &in.ID}, func() error {
		return a.Door.EndUser(ctx, a.Store, in.ID, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: callerOf(ctx)})
	})
}

func (a *API) endApplicationSessions(ctx context.Context, in *applicationInput) (*sessionsEndOutput, error) {
	if !plausible(in.ID) {
		return nil, storage.ErrNotFound
	}
	if !may(ctx, ScopeApplicationsWrite) && !may(ctx, ScopeSessionsEndAll) { // of an app that all use it is everybody's
		return nil, insufficient(ScopeApplicationsWrite, "this needs the scope "+ScopeApplicationsWrite+" or "+ScopeSessionsEndAll+" as well")
	}
	return a.endMany(SessionsEnd{ClientID: &in.ID}, func() error {
		return a.Door.EndClient(ctx, a.Store, in.ID, logout.Cause{Status: storage.StatusRevoked, Reason: logout.ClientEnded, By: callerOf(ctx)})
	})
}

func (a *API) endAllSessions(ctx context.Context, _ *struct{}) (*sessionsEndOutput, error) {
	return a.endMany(SessionsEnd{}, func() error {
		return a.Door.EndAll(ctx, a.Store, logout.Cause{Status: storage.StatusRevoked, Reason: logout.AllEnded, By: callerOf(ctx)})
	})
}

// endMany ends sessions and completes what is said of it.
func (a *API) endMany(said SessionsEnd, end func() error) (*sessionsEndOutput, error) {
	if err := end(); err != nil {
		return nil, err
	}
	said.Object, said.EndedAt = "sessions_end", a.Clock.Now().UnixMilli()
	return &sessionsEndOutput{said}, nil
}
