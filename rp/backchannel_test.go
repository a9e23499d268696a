package rp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/rptest"
)

// endings collects what an application is told.
type endings struct {
	mu  sync.Mutex
	all []rp.SessionEnd
}

func (e *endings) take(_ context.Context, end rp.SessionEnd) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, end)
}

func (e *endings) list() []rp.SessionEnd {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]rp.SessionEnd(nil), e.all...)
}

// backChannel posts a logout token as a provider does, and checks that every answer is one that 2.8 allows.
func (w *world) backChannel(raw string) int {
	w.Helper()
	return w.backChannelForm(url.Values{"logout_token": {raw}}.Encode(), "application/x-www-form-urlencoded")
}

func (w *world) backChannelForm(body, kind string) int {
	w.Helper()
	res, err := http.Post(w.url+"/auth/backchannel-logout", kind, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatal(err)
	}
	if res.Header.Get("Cache-Control") != "no-store" {
		w.Error("no no-store")
	}
	var e struct{ Error string }
	switch {
	case res.StatusCode == http.StatusOK && len(answer) == 0:
	case res.StatusCode == http.StatusBadRequest && json.Unmarshal(answer, &e) == nil && e.Error != "" &&
		res.Header.Get("Content-Type") == "application/json":
	default:
		w.Errorf("answered %d %s", res.StatusCode, answer)
	}
	return res.StatusCode
}

func TestBackChannelLogout(t *testing.T) {
	var told endings
	w := newWorld(t, func(c *rp.Config) { c.OnSessionEnd = told.take })
	first, second := w.browser(), w.browser()
	p, other := w.visit(first, "/"), w.visit(second, "/")
	api := w.app.Bearer(http.HandlerFunc(show))
	if code := w.backChannel(w.provider.LogoutToken("shop", p.Subject, p.SessionID, func(c map[string]any) { c["end_reason"] = "replaced" })); code != http.StatusOK {
		t.Fatalf("answered %d", code)
	}
	if res, _ := w.get(still(first), "/"); res.StatusCode != http.StatusFound {
		t.Errorf("after the logout: %d", res.StatusCode)
	}
	if now := w.visit(still(second), "/"); now.SessionID != other.SessionID {
		t.Error("the other session of the same user went, too")
	}
	for token, want := range map[string]int{p.Token: http.StatusUnauthorized, other.Token: http.StatusOK} {
		if res := (&resource{}).call(api, "Bearer "+token); res.Code != want {
			t.Errorf("its token at the API: %d %s", res.Code, res.Header().Get("WWW-Authenticate"))
		}
	}
	want := rp.SessionEnd{SessionID: p.SessionID, Subject: p.Subject, EndedAt: w.theirs.Now(), Channel: rp.ChannelBack, Reason: "replaced"}
	if all := told.list(); len(all) != 1 || all[0] != want {
		t.Errorf("told %+v", all)
	}
	if code := w.backChannel(w.provider.LogoutToken("shop", p.Subject, "ses_unknown", nil)); code != http.StatusOK {
		t.Errorf("a session that is not known here: %d", code)
	}
}

func TestBackChannelLogoutOfAUser(t *testing.T) {
	w := newWorld(t)
	a, b := w.browser(), w.browser()
	p := w.visit(a, "/")
	w.visit(b, "/")
	w.pass(10 * time.Second)
	raw := w.provider.LogoutToken("shop", p.Subject, "", func(c map[string]any) { delete(c, "sid") })
	later := w.browser()
	w.pass(time.Second)
	w.visit(later, "/") // signed in again, before the token arrives
	if code := w.backChannel(raw); code != http.StatusOK {
		t.Fatalf("answered %d", code)
	}
	for _, gone := range []*http.Client{a, b} {
		if res, _ := w.get(still(gone), "/"); res.StatusCode != http.StatusFound {
			t.Errorf("still there: %d", res.StatusCode)
		}
	}
	w.visit(still(later), "/")
	if n := w.store.Len(); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// TestHostileLogoutTokens breaks each rule of Back-Channel Logout 1.0, 2.4 and 2.6.
func TestHostileLogoutTokens(t *testing.T) {
	const event = "http://schemas.openid.net/event/backchannel-logout"
	w := newWorld(t)
	p := w.visit(w.browser(), "/")
	bent := func(f func(c map[string]any)) string {
		return w.provider.LogoutToken("shop", p.Subject, p.SessionID, f)
	}
	good := map[string]any{}
	bent(func(c map[string]any) {
		for k, v := range c {
			good[k] = v
		}
	})
	set := func(name string, v any) string { return bent(func(c map[string]any) { c[name] = v }) }
	without := func(name string) string { return bent(func(c map[string]any) { delete(c, name) }) }
	now := w.theirs.Now().Unix()
	parts := strings.Split(bent(nil), ".")
	other := strings.Split(w.provider.LogoutToken("shop", p.Subject, "ses_other", nil), ".")
	for name, raw := range map[string]string{
		"alg none":             "eyJhbGciOiJub25lIiwidHlwIjoibG9nb3V0K2p3dCJ9." + parts[1] + ".",
		"unsigned":             parts[0] + "." + parts[1] + ".",
		"another's signature":  parts[0] + "." + parts[1] + "." + other[2],
		"HMAC by public key":   rptest.SignWith(good, jose.HS256, []byte(strings.Repeat("k", 32)), "k1", "logout+jwt"),
		"typ of ID tokens":     w.provider.Sign(good, "JWT"),
		"typ of access tokens": w.provider.Sign(good, "at+jwt"),
		"no iss":               without("iss"),
		"wrong iss":            set("iss", "https://evil.example.com"),
		"no aud":               without("aud"),
		"wrong aud":            set("aud", "other"),
		"two aud, no azp":      set("aud", []string{"shop", "other"}),
		"azp of another":       set("azp", "other"),
		"no iat":               without("iat"),
		"iat no number":        set("iat", "now"),
		"from the future":      set("iat", now+60),
		"no exp":               without("exp"),
		"expired":              set("exp", now-10),
		"neither sub nor sid":  bent(func(c map[string]any) { delete(c, "sub"); delete(c, "sid") }),
		"sid no string":        set("sid", 7),
		"sid empty":            set("sid", ""),
		"sub a list":           set("sub", []string{p.Subject}),
		"no events":            without("events"),
		"events a list":        set("events", []string{event}),
		"events a string":      set("events", event),
		"another event":        set("events", map[string]any{"http://schemas.openid.net/event/other": map[string]any{}}),
		"event null":           set("events", map[string]any{event: nil}),
		"event a string":       set("events", map[string]any{event: "{}"}),
		"with a nonce":         set("nonce", "n"),
		"with an empty nonce":  set("nonce", ""),
		"with a null nonce":    set("nonce", nil),
		"no jti":               without("jti"),
		"jti no string":        set("jti", 1),
		"garbage":              "a.b.c",
		"huge":                 strings.Repeat("a", 1<<20),
	} {
		if code := w.backChannel(raw); code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, code)
		}
	}
	raw := bent(nil)
	for name, form := range map[string][2]string{
		"JSON":       {`{"logout_token":"` + raw + `"}`, "application/json"},
		"no token":   {"", "application/x-www-form-urlencoded"},
		"two tokens": {"logout_token=" + raw + "&logout_token=" + raw, "application/x-www-form-urlencoded"},
		"no form":    {"%zz", "application/x-www-form-urlencoded"},
	} {
		if code := w.backChannelForm(form[0], form[1]); code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, code)
		}
	}
	res, err := http.PostForm(w.url+"/auth/backchannel-logout?logout_token="+raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("in the address: %d", res.StatusCode)
	}
	if n := w.store.Len(); n != 1 {
		t.Fatalf("%d sessions", n)
	}
	for name, raw := range map[string]string{"no typ": w.provider.Sign(good, ""), "application/": w.provider.Sign(with(good, "jti", "x"), "application/logout+jwt"), "as it was": raw} {
		if code := w.backChannel(raw); code != http.StatusOK {
			t.Errorf("the control %s: %d", name, code)
		}
	}
	if n := w.store.Len(); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func with(claims map[string]any, name string, v any) map[string]any {
	c := map[string]any{}
	for k, have := range claims {
		c[k] = have
	}
	c[name] = v
	return c
}

func TestLogoutTokenReplayed(t *testing.T) {
	w := newWorld(t)
	p := w.visit(w.browser(), "/")
	raw := w.provider.LogoutToken("shop", p.Subject, p.SessionID, nil)
	if code := w.backChannel(raw); code != http.StatusOK {
		t.Fatalf("answered %d", code)
	}
	if code := w.backChannel(raw); code != http.StatusBadRequest {
		t.Errorf("a replay: %d", code)
	}
	var wg sync.WaitGroup
	codes := make([]int, 20)
	raw = w.provider.LogoutToken("shop", p.Subject, p.SessionID, nil)
	for i := range codes {
		wg.Go(func() { codes[i] = w.backChannel(raw) })
	}
	wg.Wait()
	won := 0
	for _, code := range codes {
		if code == http.StatusOK {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d of twenty were taken", won)
	}
}

// brokenStore cannot delete.
type brokenStore struct {
	*rp.MemoryStore
	broken bool
}

func (s *brokenStore) DeleteSession(ctx context.Context, sid string) (int, error) {
	if s.broken {
		return 0, errors.New("the disk is full")
	}
	return s.MemoryStore.DeleteSession(ctx, sid)
}

// TestLogoutThatFails: the provider is told so and may try again with the same token; until then the session is refused.
func TestLogoutThatFails(t *testing.T) {
	store := &brokenStore{MemoryStore: rp.NewMemoryStore(0), broken: true}
	w := newWorld(t, func(c *rp.Config) { c.Store = store })
	b := w.browser()
	p := w.visit(b, "/")
	raw := w.provider.LogoutToken("shop", p.Subject, p.SessionID, nil)
	if code := w.backChannel(raw); code != http.StatusBadRequest {
		t.Errorf("a logout that failed: %d", code)
	}
	if res, _ := w.get(still(b), "/"); res.StatusCode != http.StatusFound {
		t.Errorf("the session is still used: %d", res.StatusCode)
	}
	store.broken = false
	if code := w.backChannel(raw); code != http.StatusOK {
		t.Errorf("tried again: %d", code)
	}
}

// TestLogoutDuringRenewal: the answer comes after the end, and must not bring the session back.
func TestLogoutDuringRenewal(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	p := w.visit(b, "/")
	raw := w.provider.LogoutToken("shop", p.Subject, p.SessionID, func(c map[string]any) { c["exp"] = c["iat"].(int64) + 600 })
	w.pass(45 * time.Second)
	answering := make(chan struct{})
	w.provider.Set(func(p *rptest.Provider) { p.Tamper.TokenAnswer = func(string, map[string]any) { <-answering } })
	w.visit(b, "/")
	w.eventually("the renewal to be under way", func() bool { return w.wire.calls.Load() >= 4 })
	if code := w.backChannel(raw); code != http.StatusOK {
		t.Fatalf("answered %d", code)
	}
	close(answering)
	time.Sleep(50 * time.Millisecond)
	if n := w.store.Len(); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// TestLogoutDuringSignIn: the session ends while its code is being redeemed.
func TestLogoutDuringSignIn(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	back := w.callback(b)
	sid := make(chan string, 1)
	redeemed := make(chan struct{})
	w.provider.Set(func(p *rptest.Provider) {
		p.Tamper.IDToken = func(c map[string]any) { sid <- c["sid"].(string) }
		p.Tamper.TokenAnswer = func(string, map[string]any) { <-redeemed }
	})
	raw := make(chan string, 1)
	go func() {
		// The provider is locked while it answers, so the token is made of what another one would be.
		c := map[string]any{"iss": w.provider.Issuer, "aud": "shop", "sid": <-sid, "jti": "1", "iat": w.theirs.Now().Unix(),
			"exp": w.theirs.Now().Unix() + 60, "events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}
		close(redeemed)
		raw <- w.provider.Sign(c, "logout+jwt")
	}()
	slow := make(chan struct{})
	w.wire.after = func(r *http.Request) {
		if r.URL.Path == "/token" {
			<-slow
		}
	}
	done := make(chan *http.Response, 1)
	go func() {
		res, err := still(b).Get(back)
		if err != nil {
			t.Error(err)
			close(done)
			return
		}
		res.Body.Close()
		done <- res
	}()
	if code := w.backChannel(<-raw); code != http.StatusOK {
		t.Errorf("answered %d", code)
	}
	close(slow)
	res := <-done
	if res == nil {
		return
	}
	w.wantFailure(res, http.StatusForbidden, rp.CodeSessionEnded)
	if n := w.store.Len(); n != 0 {
		t.Errorf("%d sessions", n)
	}
	w.wire.after = nil
	w.provider.Set(func(p *rptest.Provider) { p.Tamper = rptest.Tamper{} })
	w.visit(b, "/") // the next sign-in is a session of its own
}

func TestTombstonesAreForgotten(t *testing.T) {
	w := newWorld(t)
	raw := func() string { return w.provider.AccessToken("shop", func(c map[string]any) { c["sid"] = "ses_1" }) }
	if code := w.backChannel(w.provider.LogoutToken("shop", "usr_01", "ses_1", nil)); code != http.StatusOK {
		t.Fatalf("answered %d", code)
	}
	api := w.app.Bearer(http.HandlerFunc(show))
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 401}, {2 * time.Minute, 401}, {4 * time.Second, 401}, {2 * time.Second, 200}} {
		w.pass(c.after)
		if res := (&resource{}).call(api, "Bearer "+raw()); res.Code != c.want {
			t.Errorf("%v later: %d", c.after, res.Code)
		}
	}
}
