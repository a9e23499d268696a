package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// Delivery is the receipt of one message that told an application of the end of a session.
type Delivery struct {
	Object       string  `json:"object" enum:"delivery"`
	ID           string  `json:"id"`
	SessionID    string  `json:"session_id"`
	UserID       string  `json:"user_id"`
	ClientID     string  `json:"client_id" doc:"Who is told"`
	Channel      string  `json:"channel" example:"backchannel_logout"`
	Status       string  `json:"status" enum:"pending,delivered,failed,gone" doc:"failed: not within 24 hours, or rejected with 400 for an hour; gone: the application was deleted or does not want to be told any more"`
	Attempts     int64   `json:"attempts"`
	NextAt       *int64  `json:"next_at" doc:"When it is tried next, or when an attempt that is under way is taken for lost; null once it is settled"`
	SentAt       *int64  `json:"sent_at" doc:"When the last attempt began"`
	AnsweredAt   *int64  `json:"answered_at" doc:"When the last answer came, whatever it was"`
	DurationMS   *int64  `json:"duration_ms" doc:"How long the last attempt took, in milliseconds"`
	HTTPStatus   *int64  `json:"http_status" doc:"Of the last answer"`
	Error        *string `json:"error" enum:"timeout,unreachable,tls,not_public,redirected,rejected,receiver_fault,internal" doc:"What kind of failure the last attempt met"`
	SettledAt    *int64  `json:"settled_at"`
	TokensDeadBy int64   `json:"tokens_dead_by" doc:"From then on no token of the session is good anywhere, whether the application was told or not"`
	CreatedAt    int64   `json:"created_at" doc:"When the session ended"`
}

type deliveryListInput struct {
	Page
	ID string `path:"id"`
}

func (a *API) deliveryOperations() {
	operation(a, ScopeSessionsRead, huma.Operation{OperationID: "list-session-deliveries", Method: http.MethodGet,
		Path: "/v1/sessions/{id}/deliveries", Summary: "List who was told that a session ended", Tags: []string{"sessions"},
		Description: "One receipt for each application that took part in the session and wants to be told by the back channel. " +
			"Receipts are kept for 30 days, also where the user or the application is deleted. A session that has not ended has none."},
		a.listSessionDeliveries)
}

func (a *API) listSessionDeliveries(ctx context.Context, in *deliveryListInput) (*listOutput[Delivery], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	if !isA(id.Session, in.ID) {
		return nil, storage.ErrNotFound
	}
	rows, err := a.Store.SessionDeliveryPage(ctx, in.ID, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 && after == "" { // a deleted user's session is known by its receipts alone
		if _, err := a.Store.Session(ctx, in.ID); err != nil {
			return nil, err
		}
	}
	return listed(rows, in.Limit, func(d *storage.Delivery) string { return d.ID }, showDelivery), nil
}

func showDelivery(d *storage.Delivery) Delivery {
	out := Delivery{Object: "delivery", ID: d.ID, SessionID: d.SessionID, UserID: d.UserID, ClientID: d.Receiver, Channel: d.Kind,
		Status: d.Outcome, Attempts: d.Attempts, SentAt: milliOrNull(d.SentAt), AnsweredAt: milliOrNull(d.AnsweredAt),
		Error: orNull(d.LastError), SettledAt: milliOrNull(d.SettledAt), TokensDeadBy: d.CreatedAt.Add(token.TTL).UnixMilli(),
		CreatedAt: d.CreatedAt.UnixMilli()}
	if !d.SettledAt.Set() {
		out.Status, out.NextAt = "pending", milliOrNull(d.NextAt)
	}
	if d.SentAt.Set() {
		ms := (time.Duration(d.Duration) * time.Microsecond).Milliseconds()
		out.DurationMS = &ms
	}
	if d.LastStatus != 0 {
		out.HTTPStatus = &d.LastStatus
	}
	return out
}
