package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// Session is one user signed in on one device, or an app's lasting access to a user (kind offline).
type Session struct {
	Object         string          `json:"object" enum:"session"`
	ID             string          `json:"id"`
	UserID         string          `json:"user_id"`
	DeviceID       *string         `json:"device_id" doc:"null for a session without a device"`
	Kind           string          `json:"kind" enum:"browser,offline,impersonation"`
	Status         string          `json:"status" enum:"pending,active,ended,removed,replaced,revoked,expired,abandoned" doc:"As it is now: active means that it can be used"`
	ClientIDs      []string        `json:"client_ids" doc:"The applications that got a token in it"`
	Actor          SessionActor    `json:"actor"`
	LatestActivity SessionActivity `json:"latest_activity"`
	LastActiveAt   int64           `json:"last_active_at"`
	ExpireAt       int64           `json:"expire_at" doc:"When it ends whatever happens"`
	AbandonAt      int64           `json:"abandon_at" doc:"When it ends if nobody uses it"`
	EndedAt        *int64          `json:"ended_at" doc:"When its end was written down: null for the second until it is, in which status and end_reason say already what it ends as"`
	EndReason      *string         `json:"end_reason" example:"revoked"`
	CreatedAt      int64           `json:"created_at"`
	UpdatedAt      int64           `json:"updated_at"`
}

// SessionActivity is where a session was used last.
type SessionActivity struct {
	Object         string  `json:"object" enum:"session_activity"`
	BrowserName    *string `json:"browser_name"`
	BrowserVersion *string `json:"browser_version"`
	DeviceType     *string `json:"device_type" doc:"The operating system, or iPhone or iPad"`
	IsMobile       bool    `json:"is_mobile" doc:"A phone or a tablet"`
	IPAddress      *string `json:"ip_address" doc:"Of the person's browser, never of an application's back end"`
	City           *string `json:"city" doc:"Of the address, in English; null where it is not known"`
	Country        *string `json:"country" doc:"Of the address, as ISO 3166-1 alpha-2; null where it is not known" example:"DE"`
}

type (
	sessionInput struct {
		ID string `path:"id"`
	}
	sessionListInput struct {
		Page
		UserID   string `query:"user_id" maxLength:"200"`
		DeviceID string `query:"device_id" maxLength:"200"`
		ClientID string `query:"client_id" maxLength:"200" doc:"Only those in which this application got a token"`
		Kind     string `query:"kind" enum:"browser,offline,impersonation"`
		Status   string `query:"status" enum:"pending,active,ended,removed,replaced,revoked,expired,abandoned" doc:"As it is now, whatever has been written of it so far"`
	}
	sessionOutput struct{ Body Session }
)

func (a *API) sessionOperations() {
	tags := []string{"sessions"}
	operation(a, ScopeSessionsRead, huma.Operation{OperationID: "list-sessions", Method: http.MethodGet, Path: "/v1/sessions",
		Summary: "List sessions, the newest first", Tags: tags}, a.listSessions)
	operation(a, ScopeSessionsRead, huma.Operation{OperationID: "get-session", Method: http.MethodGet, Path: "/v1/sessions/{id}",
		Summary: "Get a session", Tags: tags}, a.getSession)
	operation(a, ScopeSessionsWrite, huma.Operation{OperationID: "revoke-session", Method: http.MethodPost, Path: "/v1/sessions/{id}/revoke",
		Summary: "End a session", Tags: tags, Description: "When this answers, every refresh token of the session is refused and " +
			"userinfo and introspection know no token of it; tokens that were issued before live 60 seconds at most where " +
			"nobody asks. It may be called again: the answer is the session as it ended."}, a.revokeSession)
}

func (a *API) listSessions(ctx context.Context, in *sessionListInput) (*listOutput[Session], error) {
	after, err := in.after(id.Session)
	if err != nil {
		return nil, err
	}
	if in.UserID != "" && !isA(id.User, in.UserID) {
		return nil, badField("query", "user_id", "is not the id of a user")
	}
	if in.DeviceID != "" && !isA(id.Device, in.DeviceID) {
		return nil, badField("query", "device_id", "is not the id of a device")
	}
	if in.ClientID != "" && !plausible(in.ClientID) {
		return nil, badField("query", "client_id", "is not the id of a client")
	}
	views, further, err := a.Store.FindSessions(ctx, storage.SessionViewFilter{UserID: in.UserID, DeviceID: in.DeviceID, ClientID: in.ClientID,
		Kind: storage.SessionKind(in.Kind), Status: storage.SessionStatus(in.Status), After: after, Limit: in.Limit + 1}, a.Clock.Now())
	if err != nil {
		return nil, err
	}
	return listedPartly(views, further, in.Limit, func(v *storage.SessionView) string { return v.ID }, ShowSession), nil
}

func (a *API) getSession(ctx context.Context, in *sessionInput) (*sessionOutput, error) {
	v, err := a.sessionView(ctx, a.Store, in.ID)
	if err != nil {
		return nil, err
	}
	return &sessionOutput{ShowSession(v)}, nil
}

func (a *API) revokeSession(ctx context.Context, in *sessionInput) (*sessionOutput, error) {
	var v *storage.SessionView
	err := a.Store.Tx(ctx, func(tx *storage.Store) (err error) {
		if v, err = a.sessionView(ctx, tx, in.ID); err != nil {
			return err
		}
		if err = a.mayEnd(ctx, tx, v.UserID); err != nil {
			return err
		}
		if _, err = a.Door.End(ctx, tx, &v.Session, causeOf(v, callerOf(ctx))); err != nil {
			return err
		}
		v, err = a.sessionView(ctx, tx, in.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &sessionOutput{ShowSession(v)}, nil
}

func (a *API) sessionView(ctx context.Context, tx *storage.Store, sessionID string) (*storage.SessionView, error) {
	if !isA(id.Session, sessionID) {
		return nil, storage.ErrNotFound
	}
	list, err := tx.SessionViews(ctx, storage.SessionViewFilter{ID: sessionID}, a.Clock.Now())
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, storage.ErrNotFound
	}
	return list[0], nil
}

// causeOf keeps a session whose end nobody has written down yet from being called revoked: it ends as what it is.
func causeOf(v *storage.SessionView, by string) logout.Cause {
	if c, over := logout.Overdue(v); over {
		return c
	}
	return logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: by}
}

// ShowSession returns the document of a session, as it stands now.
func ShowSession(v *storage.SessionView) Session {
	reason := v.EndReason
	if c, over := logout.Overdue(v); over {
		reason = string(c.Reason)
	}
	updated := v.CreatedAt.Time
	for _, t := range []time.Time{v.LastActiveAt.Time, v.AuthenticatedAt.Time, v.EndedAt.Time} {
		if t.After(updated) {
			updated = t
		}
	}
	clients := v.ClientIDs
	if clients == nil {
		clients = []string{}
	}
	return Session{Object: "session", ID: v.ID, UserID: v.UserID, DeviceID: orNull(v.DeviceID), Kind: string(v.Kind),
		Status: string(v.Stands), ClientIDs: clients,
		Actor: SessionActor{v.ActorSub, v.ActorSessionID}, LatestActivity: activityOf(&v.Session),
		LastActiveAt: v.LastActiveAt.UnixMilli(), ExpireAt: v.ExpiresAt.UnixMilli(), AbandonAt: v.AbandonAt().UnixMilli(),
		EndedAt: milliOrNull(v.EndedAt), EndReason: orNull(reason), CreatedAt: v.CreatedAt.UnixMilli(), UpdatedAt: updated.UnixMilli()}
}

func activityOf(s *storage.Session) SessionActivity {
	agent := session.ParseAgent(s.UserAgent)
	return SessionActivity{Object: "session_activity", BrowserName: orNull(agent.Browser), BrowserVersion: orNull(agent.Version),
		DeviceType: orNull(agent.System), IsMobile: agent.Mobile, IPAddress: orNull(s.IPAddress), City: orNull(s.City),
		Country: orNull(s.Country)}
}
