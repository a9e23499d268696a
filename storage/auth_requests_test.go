package storage_test

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// Whoever tidies must be able to keep up with strangers who have requests stored.
func TestDeleteAuthRequestsTellsWhetherThereAreMore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		put := func(expiresAt time.Time) string {
			r := &storage.AuthRequest{ID: id.New(id.AuthRequest), BrowserHash: []byte("x"), Params: "{}", Progress: "{}",
				CreatedAt: storage.At(t0), ExpiresAt: storage.At(expiresAt)}
			must(t, s.InsertAuthRequest(t.Context(), r))
			return r.ID
		}
		for range 5 {
			put(t0)
		}
		kept := put(t0.Add(time.Hour))
		for n, want := range []bool{true, true, false, false} {
			more, err := s.DeleteAuthRequests(t.Context(), t0.Add(time.Second), 2)
			if err != nil || more != want {
				t.Fatalf("call %d: more %v, %v", n, more, err)
			}
		}
		if _, err := s.AuthRequest(t.Context(), kept, t0); err != nil {
			t.Errorf("one that has not run out: %v", err)
		}
	})
}
