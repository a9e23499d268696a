package storage_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// A look is bounded, and looks that go on from one another find each session once, whatever they ask for.
func TestSessionsAreFoundInBoundedLooks(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		must(t, storage.Execute(t.Context(), s, fmt.Sprintf(`INSERT INTO sessions (user_id, id, kind, status, user_epoch, realm_epoch,
			authenticated_at, created_at, last_active_at, idle_ttl, expires_at)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
			SELECT user_id, 'ses_' || (10000 + i), CASE WHEN i %% 1000 = 5 THEN 'offline' ELSE 'browser' END,
			CASE WHEN i %% 10 = 0 THEN 'revoked' ELSE 'active' END, user_epoch, realm_epoch + CASE WHEN i > 1500 THEN 1 ELSE 0 END,
			authenticated_at, created_at, last_active_at, idle_ttl, expires_at FROM sessions, n WHERE id = '%s'`, w.start(t).ID)))
		for _, f := range []storage.SessionViewFilter{{Status: storage.StatusActive}, {Status: storage.StatusRevoked}, {Status: storage.StatusRevoked, Written: true},
			{Kind: storage.KindOffline}, {Status: storage.StatusActive, Kind: storage.KindOffline}, {}} {
			f.Limit = 400
			all, err := s.SessionViews(t.Context(), storage.SessionViewFilter{Limit: 501}, t0)
			must(t, err)
			for len(all)%501 == 0 {
				more, err := s.SessionViews(t.Context(), storage.SessionViewFilter{Limit: 501, After: all[len(all)-1].ID}, t0)
				must(t, err)
				all = append(all, more...)
			}
			var want, got []string
			for _, v := range all {
				if (f.Status == "" || v.Stands == f.Status && (!f.Written || v.Status == f.Status)) && (f.Kind == "" || v.Kind == f.Kind) {
					want = append(want, v.ID)
				}
			}
			for looks := 0; ; looks++ {
				list, further, err := s.FindSessions(t.Context(), f, t0.Add(time.Nanosecond))
				must(t, err)
				for _, v := range list {
					got = append(got, v.ID)
				}
				if f.After = further; further == "" && len(list) == f.Limit {
					f.After = list[len(list)-1].ID
				}
				if f.After == "" {
					break
				}
				if looks > 20 {
					t.Fatalf("%+v: no end", f)
				}
			}
			if len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%+v: %d found, want %d", f, len(got), len(want))
			}
		}
	})
}
