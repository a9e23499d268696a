package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
)

// AuditEvent is a security-relevant act.
type AuditEvent struct {
	Object    string  `json:"object" enum:"audit_event"`
	ID        string  `json:"id"`
	Kind      string  `json:"kind" example:"session.ended"`
	CreatedAt int64   `json:"created_at"`
	UserID    *string `json:"user_id" doc:"Whom it is about"`
	SessionID *string `json:"session_id"`
	DeviceID  *string `json:"device_id"`
	ClientID  *string `json:"client_id"`
	Actor     *string `json:"actor" doc:"Who did it: a user, a client, an API key, cli or system"`
	IPAddress *string `json:"ip_address"`
	RequestID *string `json:"request_id"`
	Data      object  `json:"data" doc:"What there is to say beside; never a secret"`
	Chain     *string `json:"chain" doc:"The chain of hashes that the event stands in, null until it does"`
	Position  *int64  `json:"position"`
	Hash      *string `json:"hash"`
}

type (
	auditInput struct {
		ID string `path:"id"`
	}
	auditListInput struct {
		Page
		UserID    string `query:"user_id" maxLength:"200"`
		SessionID string `query:"session_id" maxLength:"200"`
		ClientID  string `query:"client_id" maxLength:"200"`
		Kind      string `query:"kind" maxLength:"100"`
		Actor     string `query:"actor" maxLength:"200" doc:"Who did it"`
		Created
	}
	auditOutput struct{ Body AuditEvent }
)

func (a *API) auditOperations() {
	tags := []string{"audit_events"}
	operation(a, ScopeAuditRead, huma.Operation{OperationID: "list-audit-events", Method: http.MethodGet, Path: "/v1/audit_events",
		Summary: "List audit events, the newest first", Tags: tags}, a.listAuditEvents)
	operation(a, ScopeAuditRead, huma.Operation{OperationID: "get-audit-event", Method: http.MethodGet, Path: "/v1/audit_events/{id}",
		Summary: "Get an audit event", Tags: tags}, a.getAuditEvent)
}

func (a *API) listAuditEvents(ctx context.Context, in *auditListInput) (*listOutput[AuditEvent], error) {
	after, err := in.after(id.Event)
	if err != nil {
		return nil, err
	}
	since, until, err := in.bounds()
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"user_id": in.UserID, "session_id": in.SessionID, "client_id": in.ClientID, "kind": in.Kind, "actor": in.Actor} {
		if value != "" && !plausible(value) {
			return nil, badField("query", name, "cannot be one")
		}
	}
	rows, err := a.Store.QueryAuditEvents(ctx, storage.AuditQuery{UserID: in.UserID, SessionID: in.SessionID, ClientID: in.ClientID,
		Kind: in.Kind, Actor: in.Actor, Since: since, Until: until, After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	return listed(rows, in.Limit, func(e *storage.AuditEvent) string { return e.ID }, ShowAuditEvent), nil
}

func (a *API) getAuditEvent(ctx context.Context, in *auditInput) (*auditOutput, error) {
	if !isA(id.Event, in.ID) {
		return nil, storage.ErrNotFound
	}
	e, err := a.Store.AuditEvent(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &auditOutput{ShowAuditEvent(e)}, nil
}

// ShowAuditEvent returns the document of an event.
func ShowAuditEvent(e *storage.AuditEvent) AuditEvent {
	out := AuditEvent{Object: "audit_event", ID: e.ID, Kind: e.Kind, CreatedAt: e.At.UnixMilli(), UserID: orNull(e.UserID),
		SessionID: orNull(e.SessionID), DeviceID: orNull(e.DeviceID), ClientID: orNull(e.ClientID), Actor: orNull(e.Actor),
		IPAddress: orNull(e.IPAddress), RequestID: orNull(e.RequestID), Data: object(e.Data), Chain: orNull(e.Chain), Hash: orNull(e.Hash)}
	if e.Position != 0 {
		out.Position = &e.Position
	}
	return out
}
