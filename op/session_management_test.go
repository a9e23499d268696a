package op_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/session"
)

const stateCookie = "__Host-curfew_state"

// response returns the parameters that an authorization response carries, in whichever mode.
func (a answer) response(t testing.TB) url.Values {
	t.Helper()
	if a.StatusCode == http.StatusOK { // as plainPages renders a form
		lines := strings.Split(a.body, "\n")
		if len(lines) != 3 || lines[0] != "form" {
			t.Fatalf("no response: %s", a.body)
		}
		v, err := url.ParseQuery(html.UnescapeString(lines[2]))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	u := a.location(t)
	if u.Fragment == "" {
		return u.Query()
	}
	v, err := url.ParseQuery(u.EscapedFragment())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// unchanged computes what the frame computes (Session Management 1.0 3.2) from the browser's cookies of this moment.
func (b *browser) unchanged(sessionState, clientID, origin string) bool {
	hash, salt, found := strings.Cut(sessionState, ".")
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %s", clientID, origin, b.cookies[stateCookie], salt))
	return found && len(salt) >= 16 && hash == base64.RawURLEncoding.EncodeToString(sum[:])
}

// Session Management 1.0 2, 3.2: every response has one, made for the origin that it goes to.
func TestSessionStateOfEveryResponse(t *testing.T) {
	k := light(t)
	u := k.person("user@example.com")
	b, stranger := k.signedIn(u), k.browser()
	for _, mode := range []string{"", "query", "fragment", "form_post"} {
		for _, c := range []struct {
			who     *browser
			pairs   []string
			outcome string
		}{
			{b, nil, "code"},
			{b, []string{"prompt", "none"}, "code"},
			{b, []string{"prompt", "none", "max_age", "0"}, "login_required"},
			{b, []string{"response_type", "token"}, "unsupported_response_type"},
			{b, []string{"scope", "nothing"}, "invalid_scope"},
			{stranger, []string{"prompt", "none"}, "login_required"},
			{stranger, []string{"response_type", "token"}, "unsupported_response_type"},
		} {
			v := c.who.authorize("web", append([]string{"response_mode", mode}, c.pairs...)...).response(t)
			got := v.Get("error")
			if v.Get("code") != "" {
				got = "code"
			}
			state := v.Get("session_state")
			if got != c.outcome || len(v["session_state"]) != 1 || strings.Contains(state, " ") ||
				!c.who.unchanged(state, "web", "https://rp.example.com") {
				t.Errorf("%s %q: %s", mode, c.pairs, v.Encode())
			}
			if c.who.unchanged(state, "other", "https://rp.example.com") || c.who.unchanged(state, "web", "https://spa.example.com") {
				t.Errorf("%s %q: good for others as well", mode, c.pairs)
			}
		}
	}
	if a, again := b.authorize("web").response(t), b.authorize("web").response(t); a.Get("session_state") == again.Get("session_state") {
		t.Error("the salt is the same twice")
	}
	if v := b.authorize("web", "response_mode", "jwt").response(t); v.Get("error") != "invalid_request" || v.Get("session_state") == "" {
		t.Errorf("unknown mode: %s", v.Encode())
	}
}

// A browser writes an origin in one way, whichever way it was registered.
func TestSessionStateIsForTheOrigin(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	for uri, origin := range map[string]string{
		"https://RP.Example.com:443/cb":  "https://rp.example.com",
		"https://rp.example.com:8443/cb": "https://rp.example.com:8443",
		"http://localhost:80/cb?x=y":     "http://localhost",
		"http://127.0.0.1:9000/cb":       "http://127.0.0.1:9000",
	} {
		c := k.register("", client.Metadata{SkipConsent: true, RedirectURIs: []string{uri}})
		if v := b.authorize(c.ID, "redirect_uri", uri).response(t); !b.unchanged(v.Get("session_state"), c.ID, origin) {
			t.Errorf("%s: %s", uri, v.Encode())
		}
	}
	// An app's own scheme has no origin, and no frame that could ask.
	c := k.register("", client.Metadata{SkipConsent: true, ApplicationType: "native", RedirectURIs: []string{"com.example.notes:/cb"}})
	if v := b.authorize(c.ID, "redirect_uri", "com.example.notes:/cb").response(t); v.Get("code") == "" || v.Has("session_state") {
		t.Errorf("own scheme: %s", v.Encode())
	}
}

func TestSessionStateChangesWithThePerson(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		one, two := k.person("one@example.com"), k.person("two@example.com")
		b := k.signedIn(one)
		first := b.authorize("web").response(t).Get("session_state")
		still := func(want bool, why string) {
			t.Helper()
			if b.unchanged(first, "web", "https://rp.example.com") != want {
				t.Errorf("%s: unchanged is %v", why, !want)
			}
		}
		still(true, "signed in")

		before := b.cookies["__Host-curfew_session"]
		b.does(func(w http.ResponseWriter, r *http.Request) error {
			return k.sessions.StepUp(w, r, b.current(), session.Proof{ACR: "urn:curfew:acr:2", AMR: "pwd otp mfa"})
		})
		if b.cookies["__Host-curfew_session"] == before {
			t.Error("no step-up")
		}
		still(true, "stepped up")

		own := b.current().ID
		b.signIn(two)
		still(false, "another person")
		b.does(func(w http.ResponseWriter, r *http.Request) error {
			_, err := k.sessions.Switch(w, r, own)
			return err
		})
		still(true, "back to the first account")

		b.endSession("id_token_hint", b.signInTo("web").IDToken)
		still(false, "signed out")
		if _, there := b.cookies[stateCookie]; there {
			t.Error("signed out with a state")
		}
		b.signIn(one)
		still(false, "the same person in another session")
	})
}

// does runs something that writes cookies as a request of the browser's.
func (b *browser) does(do func(http.ResponseWriter, *http.Request) error) {
	b.Helper()
	inner := *b.kit
	inner.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.must(do(w, r)) })
	(&browser{&inner, b.cookies}).send(httptest.NewRequest("POST", issuer+"/", nil))
}

// A session that ended elsewhere leaves its cookies in the browser. The first response that says so takes the state away: a
// relying party that found it changed would otherwise be told of a state that its frame does not find, for ever.
func TestSessionStateAgreesWithTheBrowser(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	first := b.authorize("web").response(t).Get("session_state")
	k.end(b.current().Session)
	v := b.authorize("web", "prompt", "none").response(t)
	if v.Get("error") != "login_required" || b.cookies[stateCookie] != "" || !b.unchanged(v.Get("session_state"), "web", "https://rp.example.com") ||
		b.unchanged(first, "web", "https://rp.example.com") {
		t.Errorf("%s, cookie %q", v.Encode(), b.cookies[stateCookie])
	}
	// The other way round: the cookie was lost, or is somebody's fancy.
	for _, fancy := range []string{"", "planted"} {
		b = k.signedIn(k.person("user-" + fancy + "@example.com"))
		delete(b.cookies, stateCookie)
		if fancy != "" {
			b.cookies[stateCookie] = fancy
		}
		v = b.authorize("web", "prompt", "none").response(t)
		if v.Get("code") == "" || !b.unchanged(v.Get("session_state"), "web", "https://rp.example.com") || len(b.cookies[stateCookie]) != 22 {
			t.Errorf("%s, cookie %q", v.Encode(), b.cookies[stateCookie])
		}
	}
}

// Two cookies of one name: one of them was planted, and which is not known.
func TestSessionStateWithTwoCookies(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	r := httptest.NewRequest("GET", issuer+"/oauth/authorize?"+k.request("web", "prompt", "none").Encode(), nil)
	r.AddCookie(&http.Cookie{Name: stateCookie, Value: "planted"})
	own := b.cookies[stateCookie]
	v := b.send(r).response(t)
	if b.cookies[stateCookie] != own || !b.unchanged(v.Get("session_state"), "web", "https://rp.example.com") {
		t.Errorf("%s, cookie %q, was %q", v.Encode(), b.cookies[stateCookie], own)
	}
}

// policy returns the directives of an answer's Content-Security-Policy.
func (a answer) policy() map[string]string {
	p := map[string]string{}
	for d := range strings.SplitSeq(a.Header.Get("Content-Security-Policy"), "; ") {
		name, value, _ := strings.Cut(d, " ")
		p[name] = value
	}
	return p
}

// The page may be framed by origins that clients are at, and by nobody else.
func TestCheckSessionPage(t *testing.T) {
	k := light(t)
	a := k.browser().get("/oauth/check_session")
	p := a.policy()
	if a.StatusCode != 200 || a.body != "check session\n"+stateCookie+"\n; Path=/; Secure; SameSite=Lax\n/oauth/sessions/events" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if p["default-src"] != "'none'" || p["script-src"] != "'self'" || p["connect-src"] != "'self'" || p["base-uri"] != "'none'" || p["form-action"] != "'none'" {
		t.Errorf("policy %v", p)
	}
	for name, want := range map[string]string{"X-Frame-Options": "", "Cross-Origin-Resource-Policy": "cross-origin",
		"Cross-Origin-Embedder-Policy": "require-corp", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Type": "text/html; charset=utf-8", "Vary": "Referer", "Set-Cookie": ""} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	if a := k.browser().post("/oauth/check_session", nil); a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("POST: %d", a.StatusCode)
	}
}

func TestCheckSessionAncestors(t *testing.T) {
	k := light(t)
	from := func(referer string) string {
		r := httptest.NewRequest("GET", issuer+"/oauth/check_session", nil)
		if referer != "" {
			r.Header.Set("Referer", referer)
		}
		return k.send(r).policy()["frame-ancestors"]
	}
	all := "https://rp.example.com https://spa.example.com"
	for referer, want := range map[string]string{
		"":                                     all,
		"https://rp.example.com/":              "https://rp.example.com",
		"https://RP.example.com:443/some/page": "https://rp.example.com",
		"https://spa.example.com/":             "https://spa.example.com",
		"https://evil.example.com/":            all, // none of which it is
		"http://rp.example.com/":               all,
		"https://rp.example.com.evil.com/":     all,
		"https://rp.example.com@evil.com/":     all,
		"https://*/":                           all,
		"https://rp.example.com; script-src *": all,
		"null":                                 all,
	} {
		if got := from(referer); got != want {
			t.Errorf("from %q: %s, want %s", referer, got, want)
		}
	}
	// What a client registers cannot write into the policy.
	k.register("", client.Metadata{RedirectURIs: []string{"https://a;script-src/cb", "https://b,c/cb", "https://[::1]:1/cb", "https://'self'/cb"}})
	k.clock.Advance(6e9)
	if got := from(""); got != all {
		t.Errorf("with injections: %s", got)
	}
	// Too many for a header: then who frames it must say so.
	for i := range 4 {
		var uris []string
		for j := range 40 {
			uris = append(uris, fmt.Sprintf("https://app-%d-%d.example.com/cb", i, j))
		}
		k.register("", client.Metadata{RedirectURIs: uris})
	}
	k.clock.Advance(6e9)
	if got := from(""); got != "'none'" {
		t.Errorf("with many: %d bytes", len(got))
	}
	if got := from("https://app-3-39.example.com/"); got != "https://app-3-39.example.com" {
		t.Errorf("one of many: %s", got)
	}
}
