package webhook

import (
	"context"
	"errors"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// ofSessions makes the messages of sessions that started or ended, in the order of the events: of many that end together in as
// many statements as of one.
func (d Documents) ofSessions(ctx context.Context, tx *storage.Store, events []*storage.AuditEvent) error {
	if len(events) == 0 {
		return nil
	}
	enabled, err := tx.EnabledWebhooks(ctx)
	if err != nil || len(enabled) == 0 {
		return err
	}
	shown, err := sessionsOf(ctx, tx, events)
	if err != nil {
		return err
	}
	var messages []*storage.WebhookMessage
	var owed []*storage.Delivery
	for _, e := range events {
		v := shown[e.SessionID]
		if v == nil {
			continue
		}
		for _, told := range sessionEvents(audit.Kind(e.Kind), &v.Session) {
			receivers, err := among(enabled, told)
			if err != nil {
				return err
			}
			m, toReceivers, err := message{event: told, userID: v.UserID, at: e.At.Time, data: d.Session(v), receivers: receivers}.rows()
			if err != nil {
				return err
			}
			if m != nil {
				messages, owed = append(messages, m), append(owed, toReceivers...)
			}
		}
	}
	return tx.InsertWebhookMessages(ctx, messages, owed)
}

// sessionsOf reads the sessions of events that were written together, and so at one time. Nothing is told of a user behind their
// deletion: sessions of a user who is not there any more do not start.
func sessionsOf(ctx context.Context, tx *storage.Store, events []*storage.AuditEvent) (map[string]*storage.SessionView, error) {
	var ids []string
	for _, e := range events {
		if audit.Kind(e.Kind) == audit.SessionStarted {
			err := tx.LockUser(ctx, e.UserID)
			if errors.Is(err, storage.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		ids = append(ids, e.SessionID)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := tx.SessionViews(ctx, storage.SessionViewFilter{IDs: ids, Limit: len(ids)}, events[0].At.Time)
	shown := make(map[string]*storage.SessionView, len(list))
	for _, v := range list {
		shown[v.ID] = v
	}
	return shown, err
}
