package storage_test

import (
	"testing"

	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// While replicas are replaced, the old ones run on the schema of the new: a column that they do not know is none of their
// business.
func TestReadsPassOverNewColumns(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		w.addClient(t, "later")
		c := w.takePart(t, "later", w.session)
		for _, table := range []string{"sessions", "users", "clients", "devices", "token_families", "deliveries", "session_ends"} {
			must(t, storage.Execute(t.Context(), s, "ALTER TABLE "+table+" ADD COLUMN of_the_future TEXT NOT NULL DEFAULT ''"))
		}
		ctx := t.Context()
		_, _, err := s.LiveSession(ctx, c.UserID, c.SessionID, t0)
		must(t, err)
		_, err = s.Session(ctx, c.SessionID)
		must(t, err)
		list, err := s.SessionViews(ctx, storage.SessionViewFilter{UserID: c.UserID}, t0)
		if must(t, err); len(list) == 0 {
			t.Error("no session")
		}
		_, err = s.Overdue(ctx, t0, 10)
		must(t, err)
		_, err = s.Client(ctx, "later")
		must(t, err)
		_, err = s.Grant(ctx, c.UserID, c.FamilyID, t0)
		must(t, err)
		must(t, s.InsertDeliveries(ctx, []*storage.Delivery{{ID: "dlv_1", Kind: "k", Receiver: "later", SessionID: c.SessionID,
			NextAt: storage.At(t0), CreatedAt: storage.At(t0), ExpiresAt: storage.At(t0)}}))
		if owed, err := s.SessionDeliveries(ctx, c.SessionID); err != nil || len(owed) != 1 {
			t.Errorf("%v, %v", owed, err)
		}
	})
}
