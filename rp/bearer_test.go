package rp_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/rptest"
)

// resource is a resource server, its provider and its clock.
type resource struct {
	clock    *fakeClock
	wire     *wire
	provider *rptest.Provider
	verifier *rp.Verifier
}

func newResource(t *testing.T, leeway time.Duration) *resource {
	t.Helper()
	r := &resource{clock: newClock(), wire: &wire{}}
	r.provider = rptest.Start(t, newClock().Now)
	v, err := rp.NewVerifier(context.Background(), rp.VerifierConfig{
		Issuer: r.provider.Issuer, Audiences: []string{"https://api.example.com", "shop"},
		Leeway: leeway, Doer: r.wire, Now: r.clock.Now,
	})
	if err != nil {
		t.Fatalf("NewVerifier: %v", err)
	}
	r.verifier = v
	return r
}

func (r *resource) call(h http.Handler, authorization ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header["Authorization"] = authorization
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

func TestBearer(t *testing.T) {
	r := newResource(t, 0)
	h := r.verifier.Bearer(http.HandlerFunc(show), "openid")
	for name, c := range map[string]struct {
		authorization []string
		status        int
		challenge     string
	}{
		"none":       {nil, 401, `Bearer`},
		"basic":      {[]string{"Basic dTpw"}, 401, `Bearer`},
		"empty":      {[]string{"Bearer "}, 400, `Bearer error="invalid_request", error_description="The Authorization header has no token"`},
		"two":        {[]string{"Bearer a", "Bearer b"}, 400, `Bearer error="invalid_request", error_description="More than one Authorization header"`},
		"garbage":    {[]string{"Bearer a.b.c"}, 401, `Bearer error="invalid_token", error_description="The access token is not valid"`},
		"huge":       {[]string{"Bearer " + strings.Repeat("a", 1<<20)}, 401, `Bearer error="invalid_token", error_description="The access token is not valid"`},
		"good":       {[]string{"Bearer " + r.provider.AccessToken("shop", nil)}, 200, ``},
		"any case":   {[]string{"bEARER " + r.provider.AccessToken("shop", nil)}, 200, ``},
		"aud a list": {[]string{"Bearer " + r.provider.AccessToken("spa", func(c map[string]any) { c["aud"] = []string{"x", "https://api.example.com"} })}, 200, ``},
		"expired": {[]string{"Bearer " + r.provider.AccessToken("shop", func(c map[string]any) { c["exp"] = c["iat"].(int64) - 60 })}, 401,
			`Bearer error="invalid_token", error_description="The access token expired"`},
		"narrow": {[]string{"Bearer " + r.provider.AccessToken("shop", func(c map[string]any) { c["scope"] = "openid2 email" })}, 403,
			`Bearer error="insufficient_scope", scope="openid"`},
	} {
		w := r.call(h, c.authorization...)
		if w.Code != c.status || w.Header().Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s: %d %s", name, w.Code, w.Header().Get("WWW-Authenticate"))
		}
		var p page
		if err := json.Unmarshal(w.Body.Bytes(), &p); c.status == 200 && (err != nil || p.Subject != "usr_01" || p.SessionID == "") {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
}

func TestHostileAccessTokens(t *testing.T) {
	r := newResource(t, 0)
	bent := func(f func(c map[string]any)) string { return r.provider.AccessToken("shop", f) }
	good := map[string]any{}
	bent(func(c map[string]any) {
		for k, v := range c {
			good[k] = v
		}
	})
	if _, err := r.verifier.Verify(t.Context(), r.provider.Sign(good, "application/at+jwt")); err != nil {
		t.Fatalf("the control was refused: %v", err)
	}
	for name, raw := range map[string]string{
		"an ID token":     r.provider.Sign(good, "JWT"),
		"no typ":          r.provider.Sign(good, ""),
		"a logout token":  r.provider.Sign(good, "logout+jwt"),
		"wrong iss":       bent(func(c map[string]any) { c["iss"] = "https://evil.example.com" }),
		"wrong aud":       bent(func(c map[string]any) { c["aud"] = "other" }),
		"no aud":          bent(func(c map[string]any) { delete(c, "aud") }),
		"mixed aud":       bent(func(c map[string]any) { c["aud"] = []any{"shop", 1} }),
		"no sub":          bent(func(c map[string]any) { delete(c, "sub") }),
		"no client_id":    bent(func(c map[string]any) { delete(c, "client_id") }),
		"no jti":          bent(func(c map[string]any) { delete(c, "jti") }),
		"no exp":          bent(func(c map[string]any) { delete(c, "exp") }),
		"no iat":          bent(func(c map[string]any) { delete(c, "iat") }),
		"from the future": bent(func(c map[string]any) { c["iat"] = c["iat"].(int64) + 60 }),
		"unreadable act":  bent(func(c map[string]any) { c["act"] = "me" }),
		"not an object":   "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.W10.AAAA",
		"empty":           "",
	} {
		if id, err := r.verifier.Verify(t.Context(), raw); !errors.Is(err, rp.ErrInvalidToken) || errors.Is(err, rp.ErrExpiredToken) {
			t.Errorf("%s: %+v, %v", name, id, err)
		}
	}
}

func TestLeeway(t *testing.T) {
	for _, c := range []struct{ leeway, past time.Duration }{
		{0, 5 * time.Second}, {-1, 0}, {30 * time.Second, 30 * time.Second},
	} {
		r := newResource(t, c.leeway)
		raw := r.provider.AccessToken("shop", nil)
		r.clock.advance(time.Minute + c.past - time.Millisecond)
		if _, err := r.verifier.Verify(t.Context(), raw); err != nil {
			t.Errorf("leeway %v, just inside: %v", c.leeway, err)
		}
		r.clock.advance(time.Millisecond)
		if _, err := r.verifier.Verify(t.Context(), raw); !errors.Is(err, rp.ErrExpiredToken) {
			t.Errorf("leeway %v, just outside: %v", c.leeway, err)
		}
	}
}

func TestActorAndScopes(t *testing.T) {
	r := newResource(t, 0)
	id, err := r.verifier.Verify(t.Context(), r.provider.AccessToken("shop", func(c map[string]any) {
		c["scope"] = "openid orders.read"
		c["act"] = map[string]any{"sub": "usr_admin", "act": map[string]any{"sub": "svc_support"}}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if id.Actor.Subject != "usr_admin" || id.Actor.Actor.Subject != "svc_support" || id.Actor.Actor.Actor != nil {
		t.Errorf("actor %+v", id.Actor)
	}
	if !id.HasScope("orders.read") || id.HasScope("orders") || id.ClientID != "shop" {
		t.Errorf("identity %+v", id)
	}
}

func TestAppIsAResourceServerToo(t *testing.T) {
	w := newWorld(t)
	p := w.visit(w.browser(), "/")
	h := w.app.Bearer(http.HandlerFunc(show))
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set("Authorization", "Bearer "+p.Token)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), p.SessionID) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
