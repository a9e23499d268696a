package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// Kind is the kind of delivery that tells an endpoint.
const Kind = "webhook"

// Documents show things as the management API does.
type Documents struct {
	User    func(*user.Described) any
	Session func(*storage.SessionView) any
}

// Record makes messages of what is done through a store from now on. Every process that changes users or sessions must call
// it, the commands as well as the server.
func Record(store *storage.Store, docs Documents) { store.Watch(docs.seen) }

// seen is called with audit events that were written together. Where no endpoint wants to know, they cost one small query.
func (d Documents) seen(ctx context.Context, tx *storage.Store, list []*storage.AuditEvent) error {
	var sessions []*storage.AuditEvent
	for _, e := range list {
		kind := audit.Kind(e.Kind)
		if told := userEvents[kind]; told != "" && e.UserID != "" {
			// At the end: the event is often written before all of the change is.
			if err := tx.BeforeCommit(ctx, func(ctx context.Context, tx *storage.Store) error { return d.ofUser(ctx, tx, told, e) }); err != nil {
				return err
			}
		}
		if (kind == audit.SessionStarted || kind == audit.SessionEnded) && e.SessionID != "" {
			sessions = append(sessions, e)
		}
	}
	return d.ofSessions(ctx, tx, sessions) // at once: where a user is deleted, the rows of their sessions go next
}

func (d Documents) ofUser(ctx context.Context, tx *storage.Store, told Event, e *storage.AuditEvent) error {
	receivers, err := listeners(ctx, tx, told)
	if err != nil || len(receivers) == 0 {
		return err
	}
	m := message{event: told, userID: e.UserID, at: e.At.Time, receivers: receivers}
	if told == UserDeleted {
		m.data = struct {
			Deleted bool   `json:"deleted"`
			ID      string `json:"id"`
			Object  string `json:"object"`
		}{true, e.UserID, "user"}
		_, err := m.insert(ctx, tx)
		return err
	}
	// Two that change different things of one user wait for each other here, or each would tell of the other's as it was
	// before, and which is told last would decide what a receiver believes.
	err = tx.LockUser(ctx, e.UserID)
	if errors.Is(err, storage.ErrNotFound) { // deleted by now, which is told
		return nil
	}
	if err == nil {
		m.data, m.private, err = d.describe(ctx, tx, e.UserID)
	}
	if err != nil {
		return err
	}
	_, err = m.insert(ctx, tx)
	return err
}

// listeners are the endpoints that want to be told of an event.
func listeners(ctx context.Context, tx *storage.Store, told Event) ([]string, error) {
	enabled, err := tx.EnabledWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	return among(enabled, told)
}

func among(enabled []*storage.WebhookEndpoint, told Event) (receivers []string, err error) {
	for _, e := range enabled {
		chosen, err := chosenBy(e)
		if err != nil {
			return nil, err
		}
		if wants(chosen, told) {
			receivers = append(receivers, e.ID)
		}
	}
	return receivers, nil
}

func chosenBy(e *storage.WebhookEndpoint) (chosen []Event, err error) {
	if err := json.Unmarshal([]byte(e.Events), &chosen); err != nil {
		return nil, fmt.Errorf("events of %s: %w", e.ID, err)
	}
	return chosen, nil
}

// message is one before it is stored.
type message struct {
	event     Event
	userID    string // whose order it keeps; empty for none
	at        time.Time
	data      any
	private   string
	receivers []string
	ttl       time.Duration                       // 0: delivery.TTL
	cover     func(messageID, body string) string // seals the body; nil leaves it open
}

// insert stores the message and returns what is owed because of it.
func (m message) insert(ctx context.Context, tx *storage.Store) ([]*storage.Delivery, error) {
	row, owed, err := m.rows()
	if err != nil || row == nil {
		return nil, err
	}
	return owed, tx.InsertWebhookMessages(ctx, []*storage.WebhookMessage{row}, owed)
}

// rows is the message and what is owed because of it, none where nobody wants to know.
func (m message) rows() (*storage.WebhookMessage, []*storage.Delivery, error) {
	if len(m.receivers) == 0 {
		return nil, nil, nil
	}
	body, err := compose(m.event, m.at, m.data)
	if err != nil {
		return nil, nil, err
	}
	row := &storage.WebhookMessage{ID: id.New(id.Message), Type: string(m.event), UserID: m.userID, Payload: body,
		PrivateMetadata: m.private, CreatedAt: storage.At(m.at)}
	if m.cover != nil {
		row.Payload = m.cover(row.ID, body)
	}
	return row, m.deliveries(row.ID), nil
}

func (m message) deliveries(messageID string) (list []*storage.Delivery) {
	ttl := m.ttl
	if ttl == 0 {
		ttl = delivery.TTL
	}
	for _, r := range m.receivers {
		list = append(list, &storage.Delivery{ID: id.New(id.Delivery), Kind: Kind, Receiver: r, OrderKey: m.userID, MessageID: messageID,
			NextAt: storage.At(m.at), CreatedAt: storage.At(m.at), ExpiresAt: storage.At(m.at.Add(ttl))})
	}
	return list
}
