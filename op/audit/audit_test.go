package audit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// An event is part of the transaction that did what it tells of, and says where the request came from.
func TestEventsAreWrittenInTheTransaction(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		ctx := audit.WithOrigin(t.Context(), audit.Origin{IPAddress: "192.0.2.1", UserAgent: "Example", RequestID: "r-1"})
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		write := func(ctx context.Context, kind audit.Kind, fail error) error {
			return store.Tx(ctx, func(tx *storage.Store) error {
				err := audit.Write(ctx, tx, audit.Event{Kind: kind, At: at, UserID: "usr_1", By: "usr_2", Data: map[string]any{"a": 1}})
				return errors.Join(err, fail)
			})
		}
		if err := write(ctx, audit.UserUpdated, nil); err != nil {
			t.Fatal(err)
		}
		if err := write(ctx, audit.UserDeleted, errors.New("rolled back")); err == nil {
			t.Fatal("committed")
		}
		if err := write(t.Context(), audit.UserDisabled, nil); err != nil { // no request asked for it
			t.Fatal(err)
		}
		list, err := store.UserEvents(t.Context(), "usr_1", 10)
		if err != nil || len(list) != 2 {
			t.Fatalf("%d events, %v", len(list), err)
		}
		if e := list[1]; e.Kind != "user.updated" || e.IPAddress != "192.0.2.1" || e.RequestID != "r-1" || e.Actor != "usr_2" || e.Data != `{"a":1}` || !e.At.Equal(at) {
			t.Errorf("%+v", e)
		}
		if e := list[0]; e.Kind != "user.disabled" || e.IPAddress != "" || e.RequestID != "" {
			t.Errorf("%+v", e)
		}
		if err := audit.Write(t.Context(), store, audit.Event{Data: map[string]any{"x": func() {}}}); err == nil {
			t.Error("data that is no JSON was written")
		}
	})
}
