package op_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/storage"
)

// Everybody hears of what is theirs, and of nothing else.
func TestSessionEventsByListener(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.register("service", client.Metadata{GrantTypes: []string{client.GrantClientCredentials}, Scope: op.ScopeListen})
		u, other := k.person("user@example.com"), k.person("other@example.com")
		here, there, foreign := k.signedIn(u), k.signedIn(u), k.signedIn(other)
		mine, elsewhere, theirs := here.signInTo("web"), there.signInTo("spa"), foreign.signInTo("other")
		ownSID, thereSID, foreignSID := here.current().ID, there.current().ID, foreign.current().ID
		base := k.listening()
		page := k.open(base, here.with).begun()
		app := k.open(base, bearer(mine.AccessToken)).begun()
		spa := k.open(base, bearer(elsewhere.AccessToken)).begun()
		stranger := k.open(base, bearer(theirs.AccessToken)).begun()
		web, rival, gateway := k.open(base, k.secretOf("web")).begun(), k.open(base, k.secretOf("other")).begun(), k.open(base, k.secretOf("gateway")).begun()
		token := k.call("/oauth/token", "service", url.Values{"grant_type": {"client_credentials"}}).tokens(t).AccessToken
		service := k.open(base, bearer(token)).begun()
		for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
			if got := page.Header.Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}

		k.endAs(there.current().Session, storage.StatusRevoked, logout.Revoked)
		k.want(page.next(), thereSID, u.ID, "revoked", "revoked", false)
		k.want(spa.next(), thereSID, u.ID, "revoked", "revoked", true)
		spa.ended()
		k.want(gateway.next(), thereSID, u.ID, "revoked", "revoked", false)

		k.endAs(here.current().Session, storage.StatusReplaced, logout.Replaced)
		for _, s := range []*stream{page, app} {
			k.want(s.next(), ownSID, u.ID, "replaced", "replaced", true)
			s.ended()
		}
		k.want(web.next(), ownSID, u.ID, "replaced", "replaced", false)
		k.want(gateway.next(), ownSID, u.ID, "replaced", "replaced", false)

		k.endAs(foreign.current().Session, storage.StatusEnded, logout.SignedOut)
		k.want(stranger.next(), foreignSID, other.ID, "ended", "signed_out", true)
		stranger.ended()
		k.want(rival.next(), foreignSID, other.ID, "ended", "signed_out", false)
		k.want(gateway.next(), foreignSID, other.ID, "ended", "signed_out", false)
		for _, s := range []*stream{web, rival, gateway, service} {
			s.nothing()
		}
		// What came with a session that has ended gets no stream any more.
		for name, change := range map[string]func(*http.Request){"cookie": here.with, "token": bearer(mine.AccessToken)} {
			if s := k.open(base, change); s.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: %d", name, s.StatusCode)
			}
		}
	})
}

// All sessions of a user end at once: each of their listeners is told of its own, clients of all.
func TestSessionEventsOfAnEpoch(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		tokens, sid := b.signInTo("web"), b.current().ID
		base := k.listening()
		page, app := k.open(base, b.with).begun(), k.open(base, bearer(tokens.AccessToken)).begun()
		web, rival := k.open(base, k.secretOf("web")).begun(), k.open(base, k.secretOf("other")).begun()
		k.must(k.door.EndUser(t.Context(), k.store, u.ID, logout.Cause{Status: storage.StatusRevoked, Reason: logout.PasswordChanged, By: u.ID}))
		for _, s := range []*stream{page, app} {
			k.want(s.next(), sid, u.ID, "revoked", "password_changed", true)
			s.ended()
		}
		k.want(web.next(), "", u.ID, "revoked", "password_changed", false)
		if _, err := k.door.Sweep(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		k.want(web.next(), sid, u.ID, "revoked", "password_changed", false)
		rival.nothing()

		// A session of after the epoch stands, also for a listener that has yet to read of it.
		again := k.signedIn(u)
		fresh := k.open(base, func(r *http.Request) { again.with(r); r.Header.Set("Last-Event-ID", "0") }).begun()
		k.want(fresh.next(), "", u.ID, "revoked", "password_changed", false)
		k.want(fresh.next(), sid, u.ID, "revoked", "password_changed", false)
		fresh.nothing()
	})
}

// A listener that was cut gets what it missed, from any replica.
func TestSessionEventsResume(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		var all []*storage.Session
		for range 4 {
			b := k.signedIn(u)
			b.signInTo("web")
			all = append(all, b.current().Session)
		}
		base := k.listening()
		replica := newReplica(k)
		s := k.open(base, k.secretOf("web")).begun()
		k.endAs(all[0], storage.StatusRevoked, logout.Revoked)
		last := s.next()
		s.close()
		k.endAs(all[1], storage.StatusRevoked, logout.Revoked)
		k.endAs(all[2], storage.StatusRevoked, logout.Revoked)
		resume := func(id string) func(*http.Request) {
			return func(r *http.Request) { k.authenticated(r, "web"); r.Header.Set("Last-Event-ID", id) }
		}
		var streams []*stream
		for _, at := range []string{base, replica} {
			s := k.open(at, resume(last.id)).begun()
			k.want(s.next(), all[1].ID, u.ID, "revoked", "revoked", false)
			k.want(s.next(), all[2].ID, u.ID, "revoked", "revoked", false)
			s.nothing()
			streams = append(streams, s)
		}
		for _, id := range []string{"x", "-1", "999999", "99999999999999999999"} {
			s := k.open(base, resume(id))
			e := s.next()
			if at, err := strconv.Atoi(e.id); e.name != "reset" || err != nil || at < 3 {
				t.Errorf("from %s: %+v", id, e)
			}
			streams = append(streams, s)
		}
		k.endAs(all[3], storage.StatusRevoked, logout.Revoked)
		for _, s := range streams {
			k.want(s.next(), all[3].ID, u.ID, "revoked", "revoked", false)
		}
		k.must(k.store.DeleteSessionEnds(t.Context(), k.clock.Now().Add(time.Second)))
		if s := k.open(newReplica(k), resume("1")); s.next().name != "reset" {
			t.Error("what was forgotten is not said to be")
		}
	})
}

func TestSessionEventsRefused(t *testing.T) {
	k := light(t)
	u := k.person("user@example.com")
	b := k.signedIn(u)
	tokens := b.signInTo("web")
	base := k.listening()
	machine := k.call("/oauth/token", "machine", url.Values{"grant_type": {"client_credentials"}}).tokens(t).AccessToken
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"nobody":              {func(*http.Request) {}, 401},
		"token in the query":  {func(r *http.Request) { r.URL.RawQuery = "access_token=" + tokens.AccessToken }, 400},
		"cookie and query":    {func(r *http.Request) { b.with(r); r.URL.RawQuery = "access_token=x" }, 400},
		"ID token":            {bearer(tokens.IDToken), 401},
		"garbage":             {bearer("x"), 401},
		"wrong secret":        {func(r *http.Request) { r.SetBasicAuth("web", "x") }, 401},
		"public client":       {func(r *http.Request) { r.SetBasicAuth("spa", "x") }, 401},
		"token without scope": {bearer(machine), 403},
		"two headers":         {func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer x", "Bearer y"} }, 400},
		"another site":        {func(r *http.Request) { b.with(r); r.Header.Set("Sec-Fetch-Site", "same-site") }, 401},
		"another origin":      {func(r *http.Request) { b.with(r); r.Header.Set("Origin", "https://spa.example.com") }, 401},
		"POST":                {func(r *http.Request) { b.with(r); r.Method = "POST" }, 405},
	} {
		if s := k.open(base, c.change); s.StatusCode != c.status || s.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, want %d", name, s.StatusCode, c.status)
		}
	}
	for range push.PerSession {
		k.open(base, b.with).begun()
	}
	if s := k.open(base, b.with); s.StatusCode != http.StatusTooManyRequests || s.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %d", s.StatusCode)
	}
	k.open(base, k.secretOf("web")).begun()

	// Before the feed has been read there is nothing to promise.
	idle := light(t)
	ib := idle.signedIn(idle.person("user@example.com"))
	if a := ib.get(pathEvents); a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "1" {
		t.Errorf("without a feed: %d", a.StatusCode)
	}
}

// The stream of an app ends with its token; the app comes back with a new one.
func TestSessionEventsEndWithTheToken(t *testing.T) {
	k := light(t)
	tokens := k.signedIn(k.person("user@example.com")).signInTo("spa")
	base := k.listening()
	k.clock.Advance(59*time.Second + 500*time.Millisecond) // it was issued at a quarter past
	began := time.Now()
	s := k.open(base, func(r *http.Request) {
		bearer(tokens.AccessToken)(r)
		r.Header.Set("Origin", "https://spa.example.com")
	}).begun()
	if got := s.Header.Get("Access-Control-Allow-Origin"); got != "https://spa.example.com" {
		t.Errorf("its origin may not read: %q", got)
	}
	s.ended()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("ended after %v", took)
	}
	k.clock.Advance(time.Second)
	if s := k.open(base, bearer(tokens.AccessToken)); s.StatusCode != http.StatusUnauthorized {
		t.Errorf("with a dead token: %d", s.StatusCode)
	}
}

// A browser app may send the header that it resumes with.
func TestSessionEventsPreflight(t *testing.T) {
	k := light(t)
	r := httptest.NewRequest("OPTIONS", issuer+pathEvents, nil)
	r.Header.Set("Origin", "https://spa.example.com")
	r.Header.Set("Access-Control-Request-Method", "GET")
	r.Header.Set("Access-Control-Request-Headers", "authorization,last-event-id")
	a := k.send(r)
	if allowed := a.Header.Get("Access-Control-Allow-Headers"); a.StatusCode != 204 || !strings.Contains(allowed, "Last-Event-ID") {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
}

// A stream does not hold up a server that is to stop, and is not cut by the server's time limits.
func TestSessionEventsEndWithTheServer(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	k.listening()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	k.must(err)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- httpx.Serve(ctx, httpx.ServeOptions{}, httpx.Listener{Net: ln, Handler: k.handler}) }()
	s := k.open("http://"+ln.Addr().String(), b.with).begun()
	s.nothing()
	stop()
	s.ended()
	select {
	case err := <-stopped:
		k.must(err)
	case <-time.After(time.Minute):
		t.Error("the server does not stop")
	}
}

// Listening is not using: it must not keep a session from ending idle.
func TestSessionEventsAreNoActivity(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	before := b.current().LastActiveAt
	base := k.listening()
	k.clock.Advance(time.Hour)
	k.open(base, b.with).begun()
	k.must(k.activity.Flush(t.Context()))
	row, err := k.store.Session(t.Context(), b.current().ID)
	k.must(err)
	if !row.LastActiveAt.Equal(before.Time) {
		t.Errorf("active at %v", row.LastActiveAt)
	}
}
