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
	User    func(*user.Person) any
	Session func(*storage.SessionView) any
}

// Record makes messages of what is done through a store from now on. Every process that changes users or sessions must call
// it, the commands as well as the server.
func Record(store *storage.Store, docs Documents) { store.Watch(docs.seen) }

// seen is called with each audit event. Where no endpoint wants to know, it costs one small query.
func (d Documents) seen(ctx context.Context, tx *storage.Store, e *storage.AuditEvent) error {
	kind := audit.Kind(e.Kind)
	if told := userEvents[kind]; told != "" && e.UserID != "" {
		// At the end: the event is often written before all of the change is.
		return tx.BeforeCommit(ctx, func(ctx context.Context, tx *storage.Store) error { return d.ofUser(ctx, tx, told, e) })
	}
	if (kind == audit.SessionStarted || kind == audit.SessionEnded) && e.SessionID != "" {
		return d.ofSession(ctx, tx, kind, e) // at once: where a user is deleted, the rows of their sessions go next
	}
	return nil
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
	p, err := user.New(tx, nil).Person(ctx, e.UserID)
	if errors.Is(err, storage.ErrNotFound) { // deleted by the same transaction, which tells that
		return nil
	}
	if err != nil {
		return err
	}
	if m.data, m.private, err = split(d.User(p)); err != nil {
		return err
	}
	_, err = m.insert(ctx, tx)
	return err
}

func (d Documents) ofSession(ctx context.Context, tx *storage.Store, kind audit.Kind, e *storage.AuditEvent) error {
	enabled, err := tx.EnabledWebhooks(ctx)
	if err != nil || len(enabled) == 0 {
		return err
	}
	views, err := tx.SessionViews(ctx, storage.SessionViewFilter{ID: e.SessionID}, e.At.Time)
	if err != nil || len(views) == 0 {
		return err
	}
	v := views[0]
	for _, told := range sessionEvents(kind, &v.Session) {
		receivers, err := among(enabled, told)
		if err != nil {
			return err
		}
		m := message{event: told, userID: v.UserID, at: e.At.Time, data: d.Session(v), receivers: receivers}
		if _, err := m.insert(ctx, tx); err != nil {
			return err
		}
	}
	return nil
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
	if len(m.receivers) == 0 {
		return nil, nil
	}
	body, err := compose(m.event, m.at, m.data)
	if err != nil {
		return nil, err
	}
	row := &storage.WebhookMessage{ID: id.New(id.Message), Type: string(m.event), UserID: m.userID, Payload: body,
		PrivateMetadata: m.private, CreatedAt: storage.At(m.at)}
	if m.cover != nil {
		row.Payload = m.cover(row.ID, body)
	}
	owed := m.deliveries(row.ID)
	return owed, tx.InsertWebhookMessage(ctx, row, owed)
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
