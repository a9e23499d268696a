package rp_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/rptest"
)

// follow runs Follow until the test ends.
func follow(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Follow: %v", err)
		}
	})
}

// pushed returns a world whose application listens.
func pushed(t *testing.T, silence time.Duration, change ...func(*rp.Config)) *world {
	t.Helper()
	rp.Hurry(t, silence)
	w := newWorld(t, change...)
	follow(t, func(ctx context.Context) error { return w.app.Follow(ctx, rp.Push) })
	w.eventually("a stream", func() bool { return w.provider.Streams() == 1 })
	return w
}

func (w *world) tellEnd(sid, sub string) {
	w.provider.Tell("session.ended", map[string]any{"sid": sid, "sub": sub, "status": "revoked", "reason": "revoked", "ended_at": w.theirs.Now().UnixMilli()})
}

func TestFollowPush(t *testing.T) {
	var told endings
	w := pushed(t, time.Minute, func(c *rp.Config) { c.OnSessionEnd = told.take })
	b, other := w.browser(), w.browser()
	p := w.visit(b, "/")
	w.visit(other, "/")
	w.provider.Tell("something.new", map[string]any{"sid": p.SessionID})
	w.provider.Tell("session.ended", map[string]any{"ended_at": 1}) // names nothing: not understood, not everybody
	w.tellEnd(p.SessionID, p.Subject)
	w.eventually("the end", func() bool { return w.store.Len() == 1 })
	if res, _ := w.get(still(b), "/"); res.StatusCode != http.StatusFound {
		t.Errorf("after the end: %d", res.StatusCode)
	}
	w.visit(still(other), "/")
	w.eventually("the hook", func() bool { return len(told.list()) == 1 })
	want := rp.SessionEnd{SessionID: p.SessionID, Subject: p.Subject, Reason: "revoked", Status: "revoked", EndedAt: w.theirs.Now(), Channel: rp.ChannelPush}
	if got := told.list()[0]; got != want {
		t.Errorf("told %+v", got)
	}
}

func TestFollowPushOfMany(t *testing.T) {
	for name, c := range map[string]struct {
		data map[string]any
		gone bool
	}{
		"of the user":      {map[string]any{"sub": "usr_01"}, true},
		"of another":       {map[string]any{"sub": "usr_02"}, false},
		"of the client":    {map[string]any{"client_id": "shop"}, true},
		"of another's":     {map[string]any{"client_id": "other"}, false},
		"everybody's":      {map[string]any{}, true},
		"of before it was": {map[string]any{"sub": "usr_01", "ended_at": -1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var told endings
			w := pushed(t, time.Minute, func(c *rp.Config) { c.OnSessionEnd = told.take })
			b := w.browser()
			w.visit(b, "/")
			at := w.theirs.Now().UnixMilli()
			if c.data["ended_at"] != nil {
				at -= 1000
			}
			c.data["ended_at"] = at
			w.provider.Tell("sessions.ended", c.data)
			w.tellEnd("ses_marker", "usr_03")
			w.eventually("the marker", func() bool {
				all := told.list()
				return len(all) > 0 && all[len(all)-1].SessionID == "ses_marker"
			})
			if res, _ := w.get(still(b), "/"); (res.StatusCode == http.StatusFound) != c.gone {
				t.Errorf("after the end: %d", res.StatusCode)
			}
			w.pass(2 * time.Second)
			w.visit(w.browser(), "/") // who signs in again is let in
		})
	}
}

func TestFollowResumes(t *testing.T) {
	var told endings
	w := pushed(t, time.Minute, func(c *rp.Config) { c.OnSessionEnd = told.take })
	first := w.visit(w.browser(), "/")
	w.tellEnd(first.SessionID, first.Subject)
	w.eventually("the first end", func() bool { return w.store.Len() == 0 })
	second := w.visit(w.browser(), "/")
	w.wire.cut.Store(true)
	w.provider.CutStreams()
	w.eventually("the cut", func() bool { return w.provider.Streams() == 0 })
	w.tellEnd(second.SessionID, second.Subject) // nobody listens
	time.Sleep(30 * time.Millisecond)
	if w.store.Len() != 1 {
		t.Fatal("heard without a stream")
	}
	w.provider.RefuseListeners() // and the token is dead by now
	w.wire.cut.Store(false)
	w.eventually("the missed end", func() bool { return w.store.Len() == 0 })
	if n := len(told.list()); n != 2 {
		t.Errorf("told of %d ends, want each once", n)
	}
}

func TestFollowNoticesSilence(t *testing.T) {
	w := pushed(t, 60*time.Millisecond)
	before := w.provider.Requests("/sessions/events")
	w.eventually("another connection", func() bool { return w.provider.Requests("/sessions/events") > before })
	p := w.visit(w.browser(), "/")
	w.tellEnd(p.SessionID, p.Subject)
	w.eventually("the end", func() bool { return w.store.Len() == 0 })
}

func TestFollowRenewsItsToken(t *testing.T) {
	rp.Hurry(t, time.Minute)
	w := newWorld(t)
	w.provider.Tamper.TokenAnswer = func(grant string, a map[string]any) {
		if grant == "client_credentials" {
			a["expires_in"] = 1
		}
	}
	follow(t, func(ctx context.Context) error { return w.app.Follow(ctx, rp.Push) })
	w.eventually("a second stream by plan", func() bool { return w.provider.Requests("/sessions/events") >= 2 })
	if n := w.provider.Requests("/token"); n < 2 {
		t.Errorf("%d tokens", n)
	}
}

// TestFollowReset: what was missed is not known any more, so every session is renewed before it is used.
func TestFollowReset(t *testing.T) {
	w := pushed(t, time.Minute)
	ended, living := w.browser(), w.browser()
	gone, stays := w.visit(ended, "/"), w.visit(living, "/")
	w.tellEnd("ses_other", "usr_02") // so that there is a position to come back from
	w.wire.cut.Store(true)
	w.provider.CutStreams()
	w.eventually("the cut", func() bool { return w.provider.Streams() == 0 })
	w.provider.End(gone.SessionID)
	w.tellEnd(gone.SessionID, gone.Subject)
	w.provider.Forget()
	w.pass(time.Second)
	w.wire.cut.Store(false)
	w.eventually("the stream again", func() bool { return w.provider.Streams() == 1 })
	w.eventually("the ended session's end", func() bool {
		res, _ := w.get(still(ended), "/")
		return res.StatusCode == http.StatusFound
	})
	before := w.provider.Requests("/token")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if p := w.visit(still(living), "/"); p.SessionID != stays.SessionID || p.Token == stays.Token {
				t.Errorf("used unrenewed: %+v", p)
			}
		})
	}
	wg.Wait()
	if n := w.provider.Requests("/token") - before; n != 1 {
		t.Errorf("%d renewals, want one", n)
	}
}

// TestDoubtAndNoAnswer: a reset while tokens cannot be had leaves the token's life as the limit.
func TestDoubtAndNoAnswer(t *testing.T) {
	w := pushed(t, time.Minute)
	b := w.browser()
	p := w.visit(b, "/")
	w.pass(time.Second)
	w.provider.Set(func(p *rptest.Provider) {
		p.Tamper.TokenRefusal = func(kind string) (int, string) {
			if kind == "refresh_token" {
				return 503, "temporarily_unavailable"
			}
			return 0, ""
		}
	})
	w.provider.Tell("reset", map[string]any{})
	w.eventually("an attempt", func() bool {
		before := w.provider.Requests("/token")
		if now := w.visit(still(b), "/"); now.Token != p.Token {
			t.Errorf("another token: %+v", now)
		}
		return w.provider.Requests("/token") > before
	})
	before := w.provider.Requests("/token")
	w.visit(still(b), "/")
	if w.provider.Requests("/token") != before {
		t.Error("it asks again at once")
	}
	w.pass(time.Minute)
	if res, _ := w.get(still(b), "/"); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("past its life: %d", res.StatusCode)
	}
}

func TestVerifierFollows(t *testing.T) {
	for name, how := range map[string]rp.Following{"push": rp.Push, "deny list": rp.DenyList} {
		t.Run(name, func(t *testing.T) {
			rp.Hurry(t, time.Minute)
			r := newResource(t, 0)
			r.provider.Secret["api"] = "s3cret"
			follow(t, func(ctx context.Context) error {
				return r.verifier.Follow(ctx, rp.FollowConfig{How: how, ClientID: "api", ClientSecret: "s3cret", Logger: slog.New(slog.DiscardHandler)})
			})
			w := &world{T: t}
			path := map[rp.Following]string{rp.Push: "/sessions/events", rp.DenyList: "/sessions/denied"}[how]
			w.eventually("a connection", func() bool { return r.provider.Requests(path) > 0 && (how == rp.DenyList || r.provider.Streams() == 1) })
			token := func(sid, sub string) string {
				return r.provider.AccessToken("shop", func(c map[string]any) { c["sid"], c["sub"] = sid, sub })
			}
			one, other, all := token("ses_1", "usr_1"), token("ses_2", "usr_1"), token("ses_3", "usr_3")
			now := r.clock.Now()
			r.provider.End("ses_1")
			r.provider.Tell("session.ended", map[string]any{"sid": "ses_1", "sub": "usr_1", "ended_at": now.UnixMilli()})
			w.eventually("the refusal", func() bool {
				_, err := r.verifier.Verify(t.Context(), one)
				return errors.Is(err, rp.ErrEndedSession) && errors.Is(err, rp.ErrInvalidToken)
			})
			if _, err := r.verifier.Verify(t.Context(), other); err != nil {
				t.Errorf("another session: %v", err)
			}
			r.provider.Tell("sessions.ended", map[string]any{"sub": "usr_3", "ended_at": now.UnixMilli()})
			r.provider.Set(func(p *rptest.Provider) {
				p.Tamper.DenyList = func(c map[string]any) { c["subs"] = map[string]int64{"usr_3": now.Unix()} }
			})
			w.eventually("the refusal of all of a user", func() bool {
				_, err := r.verifier.Verify(t.Context(), all)
				return errors.Is(err, rp.ErrEndedSession)
			})
			later := r.provider.AccessToken("shop", func(c map[string]any) { c["sub"] = "usr_3"; c["iat"] = now.Unix() + 1 })
			if _, err := r.verifier.Verify(t.Context(), later); err != nil {
				t.Errorf("signed in again: %v", err)
			}
		})
	}
}

func TestFollowThatCannotWork(t *testing.T) {
	w := newWorld(t)
	plain := rptest.Start(t, w.theirs.Now)
	plain.Tamper.Discovery = func(doc map[string]any) { delete(doc, "session_events_endpoint") }
	other := newWorld(t, func(c *rp.Config) { c.Issuer = plain.Issuer })
	public := newWorld(t, func(c *rp.Config) { c.ClientID, c.ClientSecret = "public", "" })
	for name, run := range map[string]func() error{
		"no such feed": func() error { return other.app.Follow(t.Context(), rp.Push) },
		"no secret":    func() error { return public.app.Follow(t.Context(), rp.Push) },
		"no such way":  func() error { return w.app.Follow(t.Context(), rp.Following(7)) },
	} {
		if err := run(); err == nil || t.Context().Err() != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
