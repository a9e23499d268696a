package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// Whose epoch has moved is looked at once, and by no look after that, however many they ever are; and so is a client.
func TestEpochsAreMetOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		sent := storage.CountStatements(s)
		look := func() (found int, statements int64) {
			t.Helper()
			sent.Store(0)
			list, err := s.Overdue(t.Context(), t0, 10)
			must(t, err)
			return len(list), sent.Load()
		}
		_, idle := look()
		w.takePart(t, "shop", w.session)
		other := w.start(t)
		must(t, s.MoveUserEpoch(t.Context(), w.user.ID, moved))
		must(t, s.MoveClientEpoch(t.Context(), "shop", moved))
		if n, _ := look(); n != 2 {
			t.Errorf("%d sessions are over, want 2", n)
		}
		must(t, endIn(t.Context(), s, w.session))
		must(t, endIn(t.Context(), s, other))
		fresh := w.start(t)
		if n, _ := look(); n != 0 { // and takes the ended out of the file
			t.Errorf("%d sessions are over", n)
		}
		if n, statements := look(); n != 0 || statements != idle {
			t.Errorf("%d sessions, %d statements, %d where nothing ever moved", n, statements, idle)
		}
		w.wantLive(t, true, fresh)
		must(t, s.MoveUserEpoch(t.Context(), w.user.ID, moved)) // once more
		if got := w.over(t, t0); len(got) != 1 || got[fresh.ID] != storage.StatusRevoked {
			t.Errorf("moved again: %v", got)
		}
	})
}

// The sessions of a client are filed as over some at a time, each look going on where the last one ended.
func TestClientsEndInParts(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		for range 25 {
			w.takePart(t, "shop", w.start(t))
		}
		must(t, s.MoveClientEpoch(ctx, "shop", moved))
		met, looks := map[string]bool{}, 0
		for ; ; looks++ {
			list, err := s.Overdue(ctx, t0, 10)
			must(t, err)
			for _, v := range list {
				if met[v.ID] || v.Moved == nil || *v.Moved != moved {
					t.Errorf("met again, or ended by nobody: %+v", v.Moved)
				}
				met[v.ID] = true
				must(t, endIn(ctx, s, &v.Session))
			}
			if len(list) < 10 {
				break
			}
		}
		if len(met) != 25 || looks != 2 {
			t.Errorf("%d sessions in %d full looks", len(met), looks)
		}
		// It ends them all once more, from the beginning.
		again := w.start(t)
		w.takePart(t, "shop", again)
		must(t, s.MoveClientEpoch(ctx, "shop", moved))
		if got := w.over(t, t0); len(got) != 1 || got[again.ID] == "" {
			t.Errorf("once more: %v", got)
		}
	})
}

// What an epoch has ended, and was committed behind the look for it, is refused from the start and found when somebody looks for what
// is not filed.
func TestStragglersOfEpochs(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		must(t, endIn(ctx, s, w.session))
		must(t, s.MoveUserEpoch(ctx, w.user.ID, moved))
		must(t, s.MoveClientEpoch(ctx, "shop", moved))
		if got := w.over(t, t0); len(got) != 0 {
			t.Fatal(got)
		}
		ofUser, ofClient, neither := w.start(t), w.start(t), w.start(t)
		must(t, storage.Execute(ctx, s, `UPDATE sessions SET user_epoch = 0 WHERE id = ?`, ofUser.ID))
		must(t, storage.Execute(ctx, s, `INSERT INTO client_sessions (user_id, session_id, client_id, client_epoch, first_token_at)
			VALUES (?, ?, 'shop', 0, 0)`, ofClient.UserID, ofClient.ID))
		w.wantLive(t, false, ofUser)
		w.wantLive(t, false, ofClient)
		must(t, s.FileSessions(ctx))
		if got := w.over(t, t0); len(got) != 2 || got[ofUser.ID] == "" || got[ofClient.ID] == "" {
			t.Errorf("%v", got)
		}
		w.wantLive(t, true, neither)
	})
}

// While replicas are replaced an old one files nothing. Its sessions are refused by everybody when they are over; the new one finds
// them when it looks for what is not filed, and from then on as any other.
func TestSessionsOfAnOlderReplica(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		w.addClient(t, "old")
		for name, over := range map[string]func(n *storage.Session) time.Time{
			"idle":    func(*storage.Session) time.Time { return t0.Add(time.Hour) },
			"expired": func(n *storage.Session) time.Time { return n.ExpiresAt.Time },
			"user's epoch": func(n *storage.Session) time.Time { // moved by the old one, which writes down nothing beside it
				must(t, storage.Execute(ctx, s, `UPDATE users SET epoch = epoch + 1 WHERE id = ?`, n.UserID))
				return t0
			},
			"client's epoch": func(n *storage.Session) time.Time {
				w.takePart(t, "old", n)
				must(t, s.MoveClientEpoch(ctx, "old", moved))
				return t0
			},
		} {
			n := w.start(t)
			must(t, storage.Execute(ctx, s, `DELETE FROM session_dues WHERE session_id = ?`, n.ID))
			at := over(n)
			if _, _, err := s.LiveSession(ctx, n.UserID, n.ID, at); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
			must(t, s.FileSessions(ctx))
			if got := w.over(t, at); got[n.ID] == "" {
				t.Errorf("%s: not found: %v", name, got)
			}
			must(t, endIn(ctx, s, n))
		}
	})
}

// Nothing moves a session's end forward, so that none is filed too late: neither a proof that was begun before the last use that is
// written, nor one that comes when the session is over.
func TestNothingMovesAnEndForward(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		n := w.session
		must(t, s.Touch(ctx, []storage.Activity{{UserID: n.UserID, SessionID: n.ID, At: t0.Add(30 * time.Minute)}}, t0.Add(30*time.Minute)))
		stepUp := func(at time.Duration) error {
			row := *n
			row.AuthenticatedAt, row.LastActiveAt = storage.At(t0.Add(at)), storage.At(t0.Add(at))
			row.IdleTTL, row.ExpiresAt = 1, storage.At(t0) // which it must not write
			return s.StepUp(ctx, &row)
		}
		for _, at := range []time.Duration{29 * time.Minute, 30 * time.Minute} {
			must(t, stepUp(at))
			row, err := s.Session(ctx, n.ID)
			if must(t, err); !row.AbandonAt().Equal(t0.Add(90*time.Minute)) || !row.ExpiresAt.Equal(n.ExpiresAt.Time) {
				t.Errorf("proved at %v: idle at %v, expires at %v", at, row.AbandonAt(), row.ExpiresAt)
			}
		}
		must(t, stepUp(80*time.Minute))
		if got := w.over(t, t0.Add(139*time.Minute)); len(got) != 0 {
			t.Errorf("over: %v", got)
		}
		for _, at := range []time.Duration{140 * time.Minute, 25 * time.Hour} {
			if err := stepUp(at); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("proved %v after the start, and came back: %v", at, err)
			}
		}
		if got := w.over(t, t0.Add(140*time.Minute)); got[n.ID] != storage.StatusAbandoned {
			t.Errorf("found %v", got)
		}
	})
}

// Filed as over is the last word: whoever has read of the session before, and files it by that, does not take it back.
func TestFiledAsOverStays(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		other := w.start(t)
		must(t, s.MoveUserEpoch(ctx, w.user.ID, moved))
		for i := range 3 {
			must(t, s.FileSessions(ctx))
			if got := w.over(t, t0); len(got) != 2 {
				t.Errorf("%d: %v", i, got)
			}
			if at, ok := w.filed(t, other); !ok || at.UnixMicro() != 0 {
				t.Errorf("filed under %v, %v", at, ok)
			}
		}
	})
}

// Two thousand due at once of which every other one was used: what is over is found by looks none of which reads more than it was
// asked for.
func TestManyDueAtOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		w := newWorld(t, s)
		const n = 2000
		manySessions(t, s, w.user.ID, n)
		must(t, endIn(ctx, s, w.session))
		must(t, storage.Execute(ctx, s, `UPDATE sessions SET last_active_at = last_active_at + 60000000 WHERE id LIKE '%1' OR id LIKE '%3'
			OR id LIKE '%5' OR id LIKE '%7' OR id LIKE '%9'`))
		met := 0
		for {
			list, err := s.Overdue(ctx, t0.Add(time.Hour), 300)
			must(t, err)
			for _, v := range list {
				if v.Stands != storage.StatusAbandoned {
					t.Fatalf("%s stands %s", v.ID, v.Stands)
				}
				must(t, storage.Execute(ctx, s, `UPDATE sessions SET status = 'abandoned', ended_at = 0 WHERE id = ?`, v.ID))
			}
			if met += len(list); len(list) < 300 {
				break
			}
		}
		if met != n/2 {
			t.Errorf("met %d, want %d", met, n/2)
		}
		list, err := storage.Filed(ctx, s)
		must(t, err)
		for id, at := range list {
			if !at.After(t0.Add(time.Hour)) && met == n/2 {
				row, err := s.Session(ctx, id)
				if must(t, err); row.Status == storage.StatusActive {
					t.Errorf("%s is left at %v", id, at)
				}
			}
		}
	})
}
