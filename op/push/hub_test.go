package push_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

func TestWhoHearsOfWhat(t *testing.T) {
	each(t, func(t *testing.T, r *replica) {
		r.register("a")
		r.register("b")
		u, other := r.person(), r.person()
		s1, s2, s3 := r.session(u, "a"), r.session(u, "a", "b"), r.session(other, "b")
		r.must(r.hub.Read(t.Context()))
		heard := map[string]*push.Listener{"user": r.listen(push.Scope{UserID: u.ID}), "other": r.listen(push.Scope{UserID: other.ID}),
			"a": r.listen(push.Scope{ClientID: "a"}), "b": r.listen(push.Scope{ClientID: "b"}), "stranger": r.listen(push.Scope{ClientID: "c"}),
			"all": r.listen(push.Scope{All: true}), "nobody": r.listen(push.Scope{})}
		want := map[string][]string{"user": {s1.ID, s2.ID}, "other": {s3.ID}, "a": {s1.ID, s2.ID}, "b": {s2.ID, s3.ID},
			"all": {s1.ID, s2.ID, s3.ID}}
		for _, s := range []*storage.Session{s1, s2, s3} {
			r.end(s)
			r.must(r.hub.Read(t.Context()))
		}
		for name, l := range heard {
			for _, sid := range want[name] {
				if e := r.next(l, soon); e.SessionID != sid {
					t.Errorf("%s heard of %s, want %s", name, e.SessionID, sid)
				}
			}
			r.nothing(l)
			missed, err := l.Missed(t.Context(), 0)
			r.must(err)
			var got []string
			for _, e := range missed {
				got = append(got, e.SessionID)
			}
			if !slices.Equal(got, want[name]) {
				t.Errorf("%s missed %v, want %v", name, got, want[name])
			}
		}
	})
}

// All sessions of a user are one end at once; the sweep then tells of each.
func TestEpochIsOneEnd(t *testing.T) {
	each(t, func(t *testing.T, r *replica) {
		r.register("a")
		r.register("b")
		u := r.person()
		s1, s2 := r.session(u, "a"), r.session(u, "a")
		r.must(r.hub.Read(t.Context()))
		user, a, b := r.listen(push.Scope{UserID: u.ID}), r.listen(push.Scope{ClientID: "a"}), r.listen(push.Scope{ClientID: "b"})
		r.must(r.door.EndUser(t.Context(), r.store, u.ID, revoked))
		r.must(r.hub.Read(t.Context()))
		for _, l := range []*push.Listener{user, a} {
			if e := r.next(l, soon); e.SessionID != "" || e.UserID != u.ID || e.Reason != "revoked" {
				t.Errorf("%+v", e)
			}
			r.nothing(l)
		}
		if n, err := r.door.Sweep(t.Context(), 100); err != nil || n != 2 {
			t.Fatal(n, err)
		}
		r.must(r.hub.Read(t.Context()))
		got := []string{r.next(a, soon).SessionID, r.next(a, soon).SessionID}
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values([]string{s1.ID, s2.ID}))) {
			t.Errorf("swept %v", got)
		}
		r.nothing(b)
	})
}

// All sessions of a client are one end for it and for whoever may see all, one by one for other clients; of everybody, one for
// all. Listeners of a user are handed both: theirs may be among them.
func TestEndsOfMany(t *testing.T) {
	each(t, func(t *testing.T, r *replica) {
		r.register("a")
		r.register("b")
		u, other := r.person(), r.person()
		s := r.session(u, "a", "b")
		r.session(other, "b")
		r.must(r.hub.Read(t.Context()))
		user, a, b, all, nobody := r.listen(push.Scope{UserID: u.ID}), r.listen(push.Scope{ClientID: "a"}), r.listen(push.Scope{ClientID: "b"}),
			r.listen(push.Scope{All: true}), r.listen(push.Scope{})
		r.must(r.door.EndClient(t.Context(), r.store, "a", revoked))
		r.must(r.hub.Read(t.Context()))
		for _, l := range []*push.Listener{user, a, all} {
			if e := r.next(l, soon); e.ClientID != "a" || e.SessionID != "" || e.UserID != "" || e.Reason != "revoked" {
				t.Errorf("%+v", e)
			}
			r.nothing(l)
		}
		r.nothing(b)
		if n, err := r.door.Sweep(t.Context(), 100); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		r.must(r.hub.Read(t.Context()))
		for _, l := range []*push.Listener{user, a, b, all} {
			if e := r.next(l, soon); e.SessionID != s.ID || e.ClientID != "" {
				t.Errorf("%+v", e)
			}
		}
		r.must(r.door.EndAll(t.Context(), r.store, revoked))
		r.must(r.hub.Read(t.Context()))
		for _, l := range []*push.Listener{user, a, b, all} {
			if e := r.next(l, soon); e.SessionID+e.UserID+e.ClientID != "" {
				t.Errorf("%+v", e)
			}
			r.nothing(l)
		}
		r.nothing(nobody)
		if missed, err := b.Missed(t.Context(), 0); err != nil || len(missed) != 2 {
			t.Errorf("missed %d, %v", len(missed), err)
		}
	})
}

// A listener that takes nothing is cut when its buffer is full, holds nobody up and loses nothing.
func TestSlowListenerIsCut(t *testing.T) {
	each(t, func(t *testing.T, r *replica) {
		u := r.person()
		var all []string
		r.must(r.hub.Read(t.Context()))
		from := r.hub.Position()
		slow, quick := r.listen(push.Scope{UserID: u.ID}), r.listen(push.Scope{UserID: u.ID})
		for range push.Buffered + 5 {
			s := r.session(u)
			all = append(all, s.ID)
			r.end(s)
			r.must(r.hub.Read(t.Context()))
			r.next(quick, soon)
		}
		n := 0
		for e := range slow.Ends {
			n++
			from = e.Position
		}
		if n != push.Buffered {
			t.Errorf("heard of %d before it was cut", n)
		}
		again := r.listen(push.Scope{UserID: u.ID})
		missed, err := again.Missed(t.Context(), from)
		r.must(err)
		for _, e := range missed {
			n++
			if e.SessionID != all[n-1] {
				t.Errorf("%d: %s", n, e.SessionID)
			}
		}
		if n != len(all) {
			t.Errorf("%d of %d", n, len(all))
		}
	})
}

// What is not in memory any more is read from the database; what is not there either is said to be unknown.
func TestMissedFromLongAgo(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		clk := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		r := newReplica(t, store, clk)
		u, other := r.person(), r.person()
		var sids []string
		for range 3 {
			s := r.session(u)
			sids = append(sids, s.ID)
			r.end(s)
			r.end(r.session(other))
			r.must(r.hub.Read(t.Context()))
			clk.Advance(push.Window)
		}
		l := r.listen(push.Scope{UserID: u.ID})
		late := newReplica(t, store, clk) // has just started, and remembers the last one at most
		r.must(late.hub.Read(t.Context()))
		for _, l := range []*push.Listener{l, late.listen(push.Scope{UserID: u.ID})} {
			for after, want := range map[int64][]string{0: sids, 1: sids[1:], 2: sids[1:], 4: sids[2:], 5: nil, 6: nil} {
				missed, err := l.Missed(t.Context(), after)
				r.must(err)
				var got []string
				for _, e := range missed {
					got = append(got, e.SessionID)
				}
				if !slices.Equal(got, want) {
					t.Errorf("behind %d: %v, want %v", after, got, want)
				}
			}
			for _, after := range []int64{-1, 7, 1 << 60} {
				if _, err := l.Missed(t.Context(), after); !errors.Is(err, push.ErrTooOld) {
					t.Errorf("behind %d: %v", after, err)
				}
			}
		}
		r.must(store.DeleteSessionEnds(t.Context(), clk.Now().Add(-2*push.Window)))
		if _, err := l.Missed(t.Context(), 0); !errors.Is(err, push.ErrTooOld) {
			t.Errorf("forgotten: %v", err)
		}
	})
}

func TestLimits(t *testing.T) {
	r := newReplica(t, storagetest.Open(t, storagetest.SQLite(t)), clock.System{})
	if _, err := r.hub.Listen(push.Scope{All: true}, "x", 2); !errors.Is(err, push.ErrNotReady) {
		t.Errorf("before anything was read: %v", err)
	}
	r.must(r.hub.Read(t.Context()))
	one, err := r.hub.Listen(push.Scope{All: true}, "x", 2)
	r.must(err)
	_, err = r.hub.Listen(push.Scope{All: true}, "x", 2)
	r.must(err)
	if _, err := r.hub.Listen(push.Scope{All: true}, "x", 2); !errors.Is(err, push.ErrTooMany) {
		t.Errorf("a third: %v", err)
	}
	if _, err := r.hub.Listen(push.Scope{All: true}, "y", 2); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	one.Close()
	if _, err := r.hub.Listen(push.Scope{All: true}, "x", 2); err != nil {
		t.Errorf("after one had left: %v", err)
	}
}

// The promise is kept by looking; the bell only makes it quick. Without any, an end is heard of within a second and a half.
func TestWithoutNotifications(t *testing.T) {
	each(t, func(t *testing.T, r *replica) {
		push.Deafen(r.hub)
		r.run()
		u := r.person()
		l := r.listen(push.Scope{UserID: u.ID})
		var took []time.Duration
		for range 3 {
			s := r.session(u)
			r.end(s)
			acknowledged := time.Now()
			if e := r.next(l, soon); e.SessionID != s.ID {
				t.Errorf("heard of %s", e.SessionID)
			}
			took = append(took, time.Since(acknowledged))
		}
		t.Logf("acknowledged until heard: %v", took)
		if slices.Sort(took); took[1] > 1500*time.Millisecond {
			t.Errorf("%v", took)
		}
	})
}

// p50 and the most of "End was acknowledged until a listener heard of it", in the same process and from another replica.
func TestHowSoon(t *testing.T) {
	each(t, func(t *testing.T, r *replica) { howSoon(t, r, r) })
	t.Run("another replica", func(t *testing.T) {
		url := pgtest.New(t)
		howSoon(t, newReplica(t, storagetest.Open(t, url), clock.System{}), newReplica(t, storagetest.Open(t, url), clock.System{}))
	})
}

func howSoon(t *testing.T, ends, hears *replica) {
	hears.run()
	if ends != hears {
		ends.run()
	}
	time.Sleep(200 * time.Millisecond) // until LISTEN stands; before, it is the clock that wakes
	u := ends.person()
	l := hears.listen(push.Scope{UserID: u.ID})
	var took []time.Duration
	for range 25 {
		s := ends.session(u)
		ends.end(s)
		acknowledged := time.Now()
		if e := hears.next(l, 5*time.Second); e.SessionID != s.ID {
			t.Fatalf("heard of %s", e.SessionID)
		}
		took = append(took, time.Since(acknowledged))
	}
	slices.Sort(took)
	t.Logf("acknowledged until heard: p50 %v, most %v", took[len(took)/2], took[len(took)-1])
	if took[len(took)/2] > time.Second {
		t.Errorf("p50 %v", took[len(took)/2])
	}
}

// The line to the database breaks: ends are heard of all the same, and the line is taken up again.
func TestListeningAgain(t *testing.T) {
	url := pgtest.New(t)
	r := newReplica(t, storagetest.Open(t, url), clock.System{})
	r.run()
	conn, err := pgx.Connect(t.Context(), url)
	r.must(err)
	defer func() { r.must(conn.Close(context.Background())) }()
	u := r.person()
	l := r.listen(push.Scope{UserID: u.ID})
	cut := func() (n int) {
		r.must(conn.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'curfew listener'`).Scan(&n))
		return n
	}
	for range 2 {
		for give := time.Now().Add(time.Minute); cut() == 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(give) {
				t.Fatal("nobody listens")
			}
		}
		s := r.session(u)
		r.end(s)
		if e := r.next(l, 3*time.Second); e.SessionID != s.ID {
			t.Errorf("heard of %s", e.SessionID)
		}
	}
}
