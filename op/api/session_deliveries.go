package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// Delivery is the receipt of how one application was told of the end of a session.
type Delivery struct {
	Object      string  `json:"object" enum:"delivery"`
	ID          string  `json:"id"`
	SessionID   string  `json:"session_id"`
	UserID      string  `json:"user_id"`
	ClientID    string  `json:"client_id" doc:"Who took part in the session"`
	Channel     string  `json:"channel" enum:"backchannel,frontchannel,push,none" doc:"push: by the stream that it listens to; none: nobody told it. An application that fetches the deny list learns of the end besides, which leaves no receipt"`
	Status      string  `json:"status" enum:"pending,delivered,failed,gone,shown,pushed,not_told" doc:"failed: not within 24 hours, or rejected with 400 for an hour; gone: the application was deleted or does not want to be told any more; shown: the page with its frame was sent to the browser; pushed: its stream took it; not_told: it has no channel, does not listen, and no page has come by in the browser yet"`
	Attempts    int64   `json:"attempts"`
	NextAt      *int64  `json:"next_at" doc:"When it is tried next, or when an attempt that is under way is taken for lost; null once it is settled"`
	SentAt      *int64  `json:"sent_at" doc:"When the last attempt began"`
	AnsweredAt  *int64  `json:"answered_at" doc:"When the last answer came, whatever it was; always null on the front channel and the live push, which have no answer"`
	DurationMS  *int64  `json:"duration_ms" doc:"How long the last attempt took, in milliseconds; null on the front channel and the live push"`
	HTTPStatus  *int64  `json:"http_status" doc:"Of the last answer"`
	Error       *string `json:"error" enum:"timeout,unreachable,tls,not_public,redirected,rejected,receiver_fault,internal" doc:"What kind of failure the last attempt met"`
	SettledAt   *int64  `json:"settled_at" doc:"null as long as it is pending, and where nobody told it"`
	TokenDeadBy int64   `json:"token_dead_by" doc:"From then on no token of the session is good anywhere, whether the application was told or not"`
	CreatedAt   int64   `json:"created_at" doc:"When the session ended"`
}

type deliveryListInput struct {
	Page
	ID string `path:"id"`
}

func (a *API) deliveryOperations() {
	operation(a, ScopeSessionsRead, huma.Operation{OperationID: "list-session-deliveries", Method: http.MethodGet,
		Path: "/v1/sessions/{id}/deliveries", Summary: "List who was told that a session ended", Tags: []string{"sessions"},
		Description: "One receipt for each application that took part in the session and each channel by which it is told, and one " +
			"for each that nobody told. Receipts are kept for 30 days; where the user or the application is deleted, those of who " +
			"was owed a message. A session that has not ended has none."},
		a.listSessionDeliveries)
}

func (a *API) listSessionDeliveries(ctx context.Context, in *deliveryListInput) (*listOutput[Delivery], error) {
	after, err := in.after(id.Delivery)
	if err != nil {
		return nil, err
	}
	if !isA(id.Session, in.ID) {
		return nil, storage.ErrNotFound
	}
	now := a.Clock.Now()
	views, err := a.Store.SessionViews(ctx, storage.SessionViewFilter{ID: in.ID, Limit: 1}, now)
	if err != nil {
		return nil, err
	}
	rows, err := a.Store.SessionDeliveries(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var view *storage.SessionView
	if len(views) > 0 {
		view = views[0]
	} else if len(rows) == 0 { // a deleted user's session is known by its receipts alone
		return nil, storage.ErrNotFound
	}
	list := logout.Receipts(view, rows, now) // as many as there are applications in a session, which are few
	list = slices.DeleteFunc(list, func(r logout.Receipt) bool { return r.ID <= after })
	return listed(list, in.Limit, func(r logout.Receipt) string { return r.ID }, showDelivery), nil
}

func showDelivery(d logout.Receipt) Delivery {
	out := Delivery{Object: "delivery", ID: d.ID, SessionID: d.SessionID, UserID: d.UserID, ClientID: d.Receiver,
		Channel: string(d.Channel), Status: d.Outcome, Attempts: d.Attempts, SentAt: milliOrNull(d.SentAt),
		AnsweredAt: milliOrNull(d.AnsweredAt), Error: orNull(d.LastError), SettledAt: milliOrNull(d.SettledAt),
		TokenDeadBy: d.TokenDeadBy.UnixMilli(), CreatedAt: d.CreatedAt.UnixMilli()}
	switch {
	case d.Channel == logout.ByNone:
		out.SettledAt = nil
	case !d.SettledAt.Set():
		out.Status, out.NextAt = "pending", milliOrNull(d.NextAt)
	}
	if d.SentAt.Set() && d.Channel == logout.ByBackChannel {
		ms := (time.Duration(d.Duration) * time.Microsecond).Milliseconds()
		out.DurationMS = &ms
	}
	if d.LastStatus != 0 {
		out.HTTPStatus = &d.LastStatus
	}
	return out
}
