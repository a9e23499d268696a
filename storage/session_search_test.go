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
			var want []string
			for _, v := range all {
				if (f.Status == "" || v.Stands == f.Status && (!f.Written || v.Status == f.Status)) && (f.Kind == "" || v.Kind == f.Kind) {
					want = append(want, v.ID)
				}
			}
			if got := looked(t, s, f); len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%+v: %d found, want %d", f, len(got), len(want))
			}
		}
	})
}

// looked goes on from look to look to the end, which comes soon.
func looked(t *testing.T, s *storage.Store, f storage.SessionViewFilter) (got []string) {
	t.Helper()
	for range 20 {
		list, further, err := s.FindSessions(t.Context(), f, t0.Add(time.Nanosecond))
		must(t, err)
		for _, v := range list {
			got = append(got, v.ID)
		}
		if f.After = further; further == "" && len(list) == f.Limit {
			f.After = list[len(list)-1].ID
		}
		if f.After == "" {
			return got
		}
	}
	t.Fatalf("%+v: no end", f)
	return nil
}

// By an application they are found where it took part, in bounded looks as well; of others it knows nothing.
func TestSessionsOfAClientAreFoundInBoundedLooks(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		w.addClient(t, "notes")
		w.addClient(t, "idle")
		must(t, s.InsertUser(t.Context(), &storage.User{ID: "usr_other", Status: storage.UserActive, PublicMetadata: "{}", PrivateMetadata: "{}",
			UnsafeMetadata: "{}", CreatedAt: storage.At(t0), UpdatedAt: storage.At(t0)}))
		// The newest 4,500 ended with everybody's; every second is the other's, and notes took part in two of three.
		must(t, storage.Execute(t.Context(), s, fmt.Sprintf(`INSERT INTO sessions (user_id, id, device_id, kind, status, user_epoch, realm_epoch,
			authenticated_at, created_at, last_active_at, idle_ttl, expires_at)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7500)
			SELECT CASE WHEN i %% 2 = 0 THEN user_id ELSE 'usr_other' END, 'ses_' || (10000 + i), CASE WHEN i %% 4 = 0 THEN 'dev_1' ELSE '' END,
			CASE WHEN i %% 1000 < 5 THEN 'offline' ELSE 'browser' END, CASE WHEN i %% 10 = 0 THEN 'ended' ELSE 'active' END, 0,
			realm_epoch + CASE WHEN i > 3000 THEN 1 ELSE 0 END, authenticated_at, created_at, last_active_at, idle_ttl, expires_at
			FROM sessions, n WHERE id = '%s'`, w.session.ID)))
		must(t, storage.Execute(t.Context(), s, `INSERT INTO client_sessions (user_id, session_id, client_id, client_epoch, first_token_at)
			SELECT user_id, id, 'notes', 0, 1 FROM sessions WHERE id LIKE 'ses_1____' AND CAST(substr(id, 5) AS INTEGER) % 3 > 0`))
		var all []*storage.SessionView
		for f := (storage.SessionViewFilter{Limit: 501}); ; f.After = all[len(all)-1].ID {
			more, err := s.SessionViews(t.Context(), f, t0)
			must(t, err)
			if all = append(all, more...); len(more) < f.Limit {
				break
			}
		}
		for _, f := range []storage.SessionViewFilter{{}, {Status: storage.StatusActive}, {Status: storage.StatusRevoked}, {Status: storage.StatusEnded},
			{Kind: storage.KindOffline}, {Kind: storage.KindOffline, Status: storage.StatusActive}, {UserID: w.user.ID}, {UserID: "usr_other", Status: storage.StatusActive},
			{DeviceID: "dev_1", Status: storage.StatusEnded}, {UserID: w.user.ID, DeviceID: "dev_1"}} {
			f.Limit = 400
			for _, f.ClientID = range []string{"notes", "idle", "nobody"} {
				var want []string
				for _, v := range all {
					if slices.Contains(v.ClientIDs, f.ClientID) && (f.Status == "" || v.Stands == f.Status) && (f.Kind == "" || v.Kind == f.Kind) &&
						(f.UserID == "" || v.UserID == f.UserID) && (f.DeviceID == "" || v.DeviceID == f.DeviceID) {
						want = append(want, v.ID)
					}
				}
				if got := looked(t, s, f); (len(want) == 0) == (f.ClientID == "notes") || !slices.Equal(got, want) {
					t.Errorf("%+v: %d found, want %d", f, len(got), len(want))
				}
			}
		}
		n := storage.CountStatements(s)
		list, further, err := s.FindSessions(t.Context(), storage.SessionViewFilter{ClientID: "notes", Status: storage.StatusActive, Limit: 50}, t0)
		if err != nil || len(list) > 0 || further == "" || n.Load() > 2 {
			t.Errorf("the first look: %d found, further %q, %d statements, %v", len(list), further, n.Load(), err)
		}
	})
}
