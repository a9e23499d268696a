package rp_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/rptest"
)

func TestSignInAndBack(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	p := w.visit(b, "/orders/7?tab=open")
	if p.Path != "/orders/7?tab=open" || p.Subject != "usr_01" || p.SessionID == "" || p.Token == "" || p.Actor != "" {
		t.Errorf("landed on %+v", p)
	}
	if again := w.visit(b, "/"); again.Token != p.Token {
		t.Error("a second page got another token while the first was fresh")
	}
	if n := w.provider.Requests("/token"); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

func TestAuthorizationRequest(t *testing.T) {
	w := newWorld(t)
	res, _ := w.get(still(w.browser()), "/deep")
	u, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != http.StatusFound {
		t.Fatalf("%d, %v", res.StatusCode, err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "shop", "redirect_uri": w.url + "/auth/callback",
		"scope": "openid profile email", "code_challenge_method": "S256",
	} {
		if q.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, q.Get(name), want)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) != 43 {
			t.Errorf("%s = %q, want 256 bits", name, q.Get(name))
		}
	}
	for _, c := range res.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge <= 0 || strings.Contains(c.Value, "deep") {
			t.Errorf("sign-in cookie %v", c)
		}
	}
}

func TestPublicClient(t *testing.T) {
	w := newWorld(t, func(c *rp.Config) { c.ClientID, c.ClientSecret = "public", "" })
	if p := w.visit(w.browser(), "/"); p.Subject != "usr_01" {
		t.Errorf("landed on %+v", p)
	}
}

func TestSeveralTabsSignInAtOnce(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	first, second := w.callback(b), w.callback(b)
	for _, back := range []string{second, first} {
		if res, _ := w.get(b, back); res.StatusCode != http.StatusOK {
			t.Errorf("a tab failed: %d %s", res.StatusCode, res.Header.Get("X-Failure"))
		}
	}
	if w.store.Len() != 1 {
		t.Errorf("%d web sessions, want the newest alone", w.store.Len())
	}
}

func TestSessionCookieIsNewAtEverySignIn(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	u, _ := url.Parse(w.url)
	w.visit(b, "/")
	before := b.Jar.Cookies(u)
	w.get(b, w.callback(b))
	after := b.Jar.Cookies(u)
	if len(before) != 1 || len(after) != 1 || before[0].Value == after[0].Value {
		t.Errorf("cookies before %v, after %v", before, after)
	}
}

func TestActorOfAnImpersonation(t *testing.T) {
	w := newWorld(t)
	w.provider.Tamper.IDToken = func(c map[string]any) { c["act"] = map[string]any{"sub": "usr_admin"} }
	if p := w.visit(w.browser(), "/"); p.Actor != "usr_admin" || p.Subject != "usr_01" {
		t.Errorf("landed on %+v", p)
	}
}

func TestScriptsAreNotRedirected(t *testing.T) {
	w := newWorld(t)
	for name, set := range map[string]func(*http.Request){
		"fetch": func(r *http.Request) { r.Header.Set("Sec-Fetch-Mode", "cors") },
		"iframe": func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Mode", "navigate")
			r.Header.Set("Sec-Fetch-Dest", "iframe")
		},
		"curl": func(r *http.Request) { r.Header.Set("Accept", "*/*") },
		"post": func(r *http.Request) { r.Method = http.MethodPost; r.Header.Set("Sec-Fetch-Mode", "navigate") },
	} {
		req, _ := http.NewRequest(http.MethodGet, w.url+"/", nil)
		set(req)
		res, err := still(w.browser()).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized || res.Header.Get("X-Failure") != rp.CodeSignInRequired {
			t.Errorf("%s: %d %q", name, res.StatusCode, res.Header.Get("X-Failure"))
		}
	}
}

func TestMaxAge(t *testing.T) {
	w := newWorld(t)
	w.provider.Tamper.IDToken = func(c map[string]any) { c["auth_time"] = w.theirs.t.Add(-time.Hour).Unix() }
	rw := httptest.NewRecorder()
	req, _ := http.NewRequest(http.MethodGet, w.url+"/", nil)
	w.app.SignIn(rw, req, rp.SignInOptions{MaxAge: 5 * time.Minute})
	b := w.browser()
	u, _ := url.Parse(w.url)
	b.Jar.SetCookies(u, rw.Result().Cookies())
	res, _ := w.get(b, rw.Result().Header.Get("Location"))
	w.wantFailure(res, http.StatusBadGateway, rp.CodeSignInFailed)
}

func TestUserinfoAtSignIn(t *testing.T) {
	w := newWorld(t, func(c *rp.Config) { c.Userinfo = true })
	w.provider.Tamper.Userinfo = func(c map[string]any) {
		c["act"] = map[string]any{"sub": "usr_x"}
		c["iss"] = "https://evil.example.com"
	}
	b := w.browser()
	if p := w.visit(b, "/"); p.Email != "user@example.com" || p.Issuer != w.provider.Issuer || p.Actor != "" {
		t.Errorf("landed on %+v", p)
	}
	w.pass(time.Minute)
	if p := w.visit(still(b), "/"); p.Email != "user@example.com" {
		t.Errorf("after a renewal: %+v", p)
	}
	w.provider.Set(func(p *rptest.Provider) { p.Tamper.Userinfo = func(c map[string]any) { c["sub"] = "usr_02" } })
	res, _ := w.get(w.browser(), "/")
	w.wantFailure(res, http.StatusBadGateway, rp.CodeSignInFailed)
}

func TestUserinfo(t *testing.T) {
	w := newWorld(t)
	p := w.visit(w.browser(), "/")
	id := &rp.Identity{Subject: p.Subject, AccessToken: p.Token}
	claims, err := w.app.Userinfo(t.Context(), id)
	if err != nil || claims.String("email") != "user@example.com" || !claims.Bool("email_verified") {
		t.Errorf("userinfo %v, %v", claims, err)
	}
	w.provider.Set(func(p *rptest.Provider) { p.Tamper.Userinfo = func(c map[string]any) { c["sub"] = "usr_02" } })
	if _, err := w.app.Userinfo(t.Context(), id); !errors.Is(err, rp.ErrInvalidToken) {
		t.Errorf("another subject's userinfo: %v", err)
	}
	w.provider.End(p.SessionID)
	if _, err := w.app.Userinfo(t.Context(), id); !errors.Is(err, rp.ErrNoSession) {
		t.Errorf("userinfo of an ended session: %v", err)
	}
}
