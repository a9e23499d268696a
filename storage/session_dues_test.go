package storage_test

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// filed returns under which time a session is filed, by its own query; ok is false where it is not.
func (w *world) filed(t *testing.T, n *storage.Session) (at time.Time, ok bool) {
	t.Helper()
	list, err := storage.Filed(t.Context(), w.Store)
	must(t, err)
	at, ok = list[n.ID]
	return at, ok
}

// over are the sessions that Overdue finds, and what they stand at.
func (w *world) over(t *testing.T, at time.Time) map[string]storage.SessionStatus {
	t.Helper()
	list, err := w.Overdue(t.Context(), at, 10)
	must(t, err)
	found := map[string]storage.SessionStatus{}
	for _, v := range list {
		found[v.ID] = v.Stands
	}
	return found
}

// A session is looked at when it would be idle if nobody had used it. If somebody has, it is filed anew; it is found as soon as it
// is over, idle or expired, and leaves the file some time after its end.
func TestSessionsAreFiledUnderTheirEnd(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		used, idle, ended, gone := w.session, w.start(t), w.start(t), w.start(t)
		for _, n := range []*storage.Session{used, idle, ended, gone} {
			if at, ok := w.filed(t, n); !ok || !at.Equal(t0.Add(time.Hour)) {
				t.Fatalf("filed under %v, %v", at, ok)
			}
		}
		must(t, w.Touch(ctx, []storage.Activity{{UserID: used.UserID, SessionID: used.ID, At: t0.Add(50 * time.Minute)}}, t0.Add(50*time.Minute)))
		must(t, endIn(ctx, s, ended))
		must(t, endIn(ctx, s, gone))
		must(t, storage.Execute(ctx, s, `DELETE FROM sessions WHERE id = ?`, gone.ID))
		if got := w.over(t, t0.Add(time.Hour-time.Microsecond)); len(got) != 0 {
			t.Errorf("too early: %v", got)
		}
		if _, ok := w.filed(t, ended); !ok {
			t.Error("looked at before its time")
		}
		if got := w.over(t, t0.Add(time.Hour)); len(got) != 1 || got[idle.ID] != storage.StatusAbandoned {
			t.Errorf("idle: %v", got)
		}
		if at, ok := w.filed(t, used); !ok || !at.Equal(t0.Add(110*time.Minute)) {
			t.Errorf("used, and filed under %v, %v", at, ok)
		}
		for _, n := range []*storage.Session{ended, gone} {
			if _, ok := w.filed(t, n); ok {
				t.Error("ended, and still filed")
			}
		}
		for at := 100 * time.Minute; at < 24*time.Hour; at += 50 * time.Minute {
			must(t, w.Touch(ctx, []storage.Activity{{UserID: used.UserID, SessionID: used.ID, At: t0.Add(at)}}, t0.Add(at)))
			if got := w.over(t, t0.Add(at)); got[used.ID] != "" {
				t.Fatalf("in use: %v", got)
			}
		}
		if at, ok := w.filed(t, used); !ok || at.After(t0.Add(24*time.Hour)) {
			t.Errorf("filed behind its absolute end: %v, %v", at, ok)
		}
		if got := w.over(t, t0.Add(24*time.Hour)); got[used.ID] != storage.StatusExpired {
			t.Errorf("expired: %v", got)
		}
	})
}

// What an older version has started is filed when somebody comes by, and so is what began under an epoch that had moved before it
// was committed, behind the look for all of those.
func TestFileSessions(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		other, late, behind := w.start(t), w.start(t), w.start(t)
		must(t, storage.Execute(ctx, s, `DELETE FROM session_dues WHERE session_id IN (?, ?)`, w.session.ID, other.ID))
		must(t, storage.Execute(ctx, s, `UPDATE session_dues SET due_at = due_at + 1 WHERE session_id = ?`, late.ID))
		must(t, endIn(ctx, s, other))
		must(t, s.FileSessions(ctx))
		for _, n := range []*storage.Session{w.session, late, behind} {
			if at, ok := w.filed(t, n); !ok || !at.Equal(t0.Add(time.Hour)) {
				t.Errorf("filed under %v, %v", at, ok)
			}
		}
		if _, ok := w.filed(t, other); ok {
			t.Error("ended, and filed")
		}

		must(t, endIn(ctx, s, w.session))
		must(t, endIn(ctx, s, late))
		must(t, endIn(ctx, s, behind))
		must(t, s.MoveRealmEpoch(ctx, moved))
		if got := w.over(t, t0); len(got) != 0 { // and it is written down that none is left
			t.Fatal(got)
		}
		straggler, fresh := w.start(t), w.start(t)
		must(t, storage.Execute(ctx, s, `UPDATE sessions SET realm_epoch = 0 WHERE id = ?`, straggler.ID))
		must(t, s.FileSessions(ctx))
		if got := w.over(t, t0); len(got) != 1 || got[straggler.ID] != storage.StatusRevoked {
			t.Errorf("%v, want the straggler", got)
		}
		if at, _ := w.filed(t, fresh); !at.Equal(t0.Add(time.Hour)) {
			t.Errorf("filed under %v", at)
		}
	})
}

// However many sessions live, a look for those that are over takes the same time.
func TestOverdueDoesNotReadTheLiving(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		const n = 50_000
		manySessions(t, s, w.user.ID, n)
		look := func(at time.Time) (took time.Duration, found int) {
			took = time.Hour
			for range 10 { // the machine has other things to do
				began := time.Now()
				list, err := s.Overdue(ctx, at, 2000)
				must(t, err)
				took, found = min(took, time.Since(began)), len(list)
			}
			return took, found
		}
		took, found := look(t0)
		t.Logf("%v with %d sessions that live", took, n)
		if found != 0 || took > 8*time.Millisecond {
			t.Errorf("%d sessions in %v", found, took)
		}
		began := time.Now()
		must(t, s.FileSessions(ctx))
		t.Logf("all of them looked through in %v", time.Since(began))
		must(t, storage.Execute(ctx, s, `UPDATE sessions SET last_active_at = last_active_at + 60000000`))
		began = time.Now()
		if list, err := s.Overdue(ctx, t0.Add(time.Hour), 2000); err != nil || len(list) != 0 {
			t.Errorf("%d sessions, %v", len(list), err)
		}
		t.Logf("all of them filed anew in %v", time.Since(began))
	})
}

// numbers are those from 1 to the first argument.
const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?0) `

// manySessions starts sessions of a user with few statements.
func manySessions(t *testing.T, s *storage.Store, userID string, n int) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO sessions (user_id, id, kind, status, user_epoch, realm_epoch, authenticated_at, created_at, last_active_at, idle_ttl,
			expires_at) ` + numbers + `SELECT ?1, 'ses_many' || i, 'browser', 'active', 0, 0, ?2, ?2, ?2, 3600000000, ?2 + 86400000000 FROM n`,
		`INSERT INTO session_dues (session_id, due_at) ` + numbers + `SELECT 'ses_many' || i, ?2 + 3600000000 FROM n`,
		`ANALYZE`,
	} {
		must(t, storage.Execute(t.Context(), s, statement, n, userID, storage.At(t0)))
	}
}
