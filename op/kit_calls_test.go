package op_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body string
}

func (k *kit) send(r *http.Request) answer {
	k.Helper()
	w := httptest.NewRecorder()
	k.handler.ServeHTTP(w, r)
	res := w.Result()
	return answer{res, w.Body.String()}
}

// json decodes the answer's body.
func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	if ct := a.Header.Get("Content-Type"); ct != "application/json" {
		t.Fatalf("status %d, content type %q: %s", a.StatusCode, ct, a.body)
	}
	m := map[string]any{}
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	return m
}

// wantError asserts an error of RFC 6749 5.2.
func (a answer) wantError(t testing.TB, status int, code string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("status %d, want %d: %s", a.StatusCode, status, a.body)
		return
	}
	if got := a.json(t)["error"]; got != code {
		t.Errorf("error %v, want %s", got, code)
	}
	if cc := a.Header.Get("Cache-Control"); cc != "no-store" {
		t.Errorf("error with Cache-Control %q", cc)
	}
}

// browser is a cookie jar.
type browser struct {
	*kit
	cookies map[string]string
}

func (k *kit) browser() *browser { return &browser{k, map[string]string{}} }

// signedIn is a browser with a session of the user.
func (k *kit) signedIn(u *storage.User) *browser {
	k.Helper()
	b := k.browser()
	b.signIn(u)
	return b
}

func (b *browser) signIn(u *storage.User) {
	b.Helper()
	if a := b.send(httptest.NewRequest("POST", issuer+"/test/signin?user="+u.ID, nil)); a.StatusCode != http.StatusOK {
		b.Fatal(a.body)
	}
}

func (b *browser) send(r *http.Request) answer {
	b.Helper()
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	a := b.kit.send(r)
	for _, c := range a.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return a
}

func (b *browser) get(path string) answer {
	b.Helper()
	return b.send(httptest.NewRequest("GET", issuer+path, nil))
}

func (b *browser) post(path string, v url.Values) answer {
	b.Helper()
	return b.send(formRequest(path, v))
}

// current is the browser's session.
func (b *browser) current() *session.Current {
	b.Helper()
	r := httptest.NewRequest("GET", issuer, nil)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	c, err := b.sessions.Current(r)
	b.must(err)
	return c
}

func formRequest(path string, v url.Values) *http.Request {
	r := httptest.NewRequest("POST", issuer+path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// with returns v changed by pairs of names and values; an empty value takes the name away.
func with(v url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for name, list := range v {
		out[name] = append([]string(nil), list...)
	}
	for i := 0; i < len(pairs); i += 2 {
		if out.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			out.Del(pairs[i])
		}
	}
	return out
}

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// redirectOf is the first redirect URI of a client of the kit.
func (k *kit) redirectOf(clientID string) string {
	k.Helper()
	c, err := k.clients.Get(k.Context(), clientID)
	k.must(err)
	return c.RedirectURIs[0]
}

// request is a good authorization request.
func (k *kit) request(clientID string, pairs ...string) url.Values {
	k.Helper()
	return with(url.Values{"client_id": {clientID}, "redirect_uri": {k.redirectOf(clientID)}, "response_type": {"code"},
		"scope": {"openid email"}, "state": {"st/ä te"}, "nonce": {"n-1"}, "code_challenge": {challenge()},
		"code_challenge_method": {"S256"}}, pairs...)
}

// authorize sends an authorization request, good but for the changes.
func (b *browser) authorize(clientID string, pairs ...string) answer {
	b.Helper()
	return b.get("/oauth/authorize?" + b.request(clientID, pairs...).Encode())
}

// code gets a code at once.
func (b *browser) code(clientID string, pairs ...string) string {
	b.Helper()
	a := b.authorize(clientID, pairs...)
	code := a.location(b).Query().Get("code")
	if code == "" {
		b.Fatalf("no code: %d %s %s", a.StatusCode, a.Header.Get("Location"), a.body)
	}
	return code
}

// location is where the answer redirects to.
func (a answer) location(t testing.TB) *url.URL {
	t.Helper()
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d, want a redirect: %s", a.StatusCode, a.body)
	}
	u, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// authenticated adds the client's own way of authentication.
func (k *kit) authenticated(r *http.Request, clientID string) *http.Request {
	if plain := k.secrets[clientID]; plain != "" {
		r.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(plain))
	}
	return r
}

// call posts a form to an endpoint as a client.
func (k *kit) call(path, clientID string, v url.Values) answer {
	k.Helper()
	if k.secrets[clientID] == "" {
		v = with(v, "client_id", clientID)
	}
	return k.send(k.authenticated(formRequest(path, v), clientID))
}

func (k *kit) codeForm(clientID, code string, pairs ...string) url.Values {
	return with(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {k.redirectOf(clientID)},
		"code_verifier": {verifier}}, pairs...)
}

// redeem presents a code, well but for the changes.
func (k *kit) redeem(clientID, code string, pairs ...string) answer {
	k.Helper()
	return k.call("/oauth/token", clientID, k.codeForm(clientID, code, pairs...))
}

func (k *kit) refresh(clientID, refreshToken string, pairs ...string) answer {
	k.Helper()
	return k.call("/oauth/token", clientID, with(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}, pairs...))
}

// issued is a token response.
type issued struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	Scope        string `json:"scope"`
}

// tokens reads a token response that must be a success.
func (a answer) tokens(t testing.TB) issued {
	t.Helper()
	var got issued
	if a.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", a.StatusCode, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	if got.AccessToken == "" || got.TokenType != "Bearer" {
		t.Fatalf("not a token response: %s", a.body)
	}
	return got
}

// signInTo is the whole way: a person signed in with a browser, and the tokens of a client.
func (b *browser) signInTo(clientID string, pairs ...string) issued {
	b.Helper()
	return b.redeem(clientID, b.code(clientID, pairs...)).tokens(b)
}

func (k *kit) userinfo(accessToken string) answer {
	k.Helper()
	r := httptest.NewRequest("GET", issuer+"/oauth/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+accessToken)
	return k.send(r)
}

// active asks the introspection endpoint.
func (k *kit) active(clientID, tok string) bool {
	k.Helper()
	a := k.call("/oauth/introspect", clientID, url.Values{"token": {tok}})
	if a.StatusCode != http.StatusOK {
		k.Fatalf("introspection: %d %s", a.StatusCode, a.body)
	}
	m := a.json(k)
	if m["active"] == false && len(m) != 1 {
		k.Fatalf("an inactive token has more to tell: %s", a.body) // RFC 7662 2.2
	}
	return m["active"] == true
}

// end ends the browser's session as an administrator would.
func (k *kit) end(s *storage.Session) *storage.Session {
	k.Helper()
	ended, err := k.door.End(k.Context(), k.store, s, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "test"})
	k.must(err)
	return ended
}

// events counts the audit's events of a kind about a user.
func (k *kit) events(userID string, kind audit.Kind) (n int) {
	k.Helper()
	list, err := k.store.UserEvents(context.Background(), userID, 500)
	k.must(err)
	for _, e := range list {
		if e.Kind == string(kind) {
			n++
		}
	}
	return n
}

// parts decodes a JWT without checking it.
func parts(t testing.TB, jwt string) (header, claims map[string]any) {
	t.Helper()
	p := strings.Split(jwt, ".")
	if len(p) != 3 {
		t.Fatalf("not a JWT: %q", jwt)
	}
	for i, dst := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(p[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, dst); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}
