package op_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

func (b *browser) endSession(pairs ...string) answer {
	b.Helper()
	return b.get("/oauth/logout?" + with(url.Values{}, pairs...).Encode())
}

func (b *browser) isSignedIn() bool {
	b.Helper()
	return b.authorize("web", "prompt", "none").outcome(b) == "code"
}

// RP-Initiated Logout 1.0 2: an ID token of this very session is proof enough, and only this session ends.
func TestEndSessionWithItsIDToken(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b, elsewhere := k.signedIn(u), k.signedIn(u)
		got, other, kept := b.signInTo("web"), b.signInTo("other"), elsewhere.signInTo("web")
		s := b.current().Session
		a := b.endSession("id_token_hint", got.IDToken, "post_logout_redirect_uri", "https://rp.example.com/bye", "state", "a b/c")
		if a.location(t).String() != "https://rp.example.com/bye?state=a+b%2Fc" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("redirected to %s", a.Header.Get("Location"))
		}
		if b.cookies["__Host-curfew_session"] != "" || b.isSignedIn() {
			t.Error("the browser is signed in")
		}
		k.refresh("web", got.RefreshToken).wantError(t, 400, "invalid_grant")
		k.refresh("other", other.RefreshToken).wantError(t, 400, "invalid_grant")
		k.refresh("web", kept.RefreshToken).tokens(t)
		if !elsewhere.isSignedIn() {
			t.Error("the session on the other device ended, too")
		}
		row, err := k.store.Session(t.Context(), s.ID)
		if err != nil || row.Status != storage.StatusEnded || row.EndReason != "signed_out" || row.EndedBy != u.ID {
			t.Errorf("%+v, %v", row, err)
		}
		if owed, err := k.store.SessionDeliveries(t.Context(), s.ID); err != nil || len(owed) != 2 {
			t.Errorf("deliveries: %v, %v", owed, err)
		}
		// Once more, with nobody signed in: the same answer.
		a = b.endSession("id_token_hint", got.IDToken, "post_logout_redirect_uri", "https://rp.example.com/bye")
		if a.location(t).String() != "https://rp.example.com/bye" || k.events(u.ID, audit.SessionEnded) != 1 {
			t.Errorf("again: %s", a.Header.Get("Location"))
		}
	})
}

// Section 2, 6: without proof any page could sign people out, so they are asked, and asked by our own page.
func TestEndSessionAsksFirst(t *testing.T) {
	k := light(t)
	u := k.person("user@example.com")
	b := k.signedIn(u)
	another := k.signedIn(u).signInTo("web")
	stranger := k.signedIn(k.person("other@example.com")).signInTo("web")
	for name, pairs := range map[string][]string{
		"nothing":                  nil,
		"a client":                 {"client_id", "web"},
		"a client and an address":  {"client_id", "web", "post_logout_redirect_uri", "https://rp.example.com/bye", "state", "s"},
		"a hint of another device": {"id_token_hint", another.IDToken},
		"a hint of another user":   {"id_token_hint", stranger.IDToken},
		"a logout_hint":            {"logout_hint", "user@example.com"},
		"confirmed by a link":      {"decision", "sign_out"},
	} {
		a := b.endSession(pairs...)
		if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.body, "confirm\n/oauth/logout\n") || !b.isSignedIn() {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	fields, err := url.ParseQuery(strings.Split(b.endSession("client_id", "web", "post_logout_redirect_uri", "https://rp.example.com/bye", "state", "s").body, "\n")[2])
	k.must(err)
	fields.Set("decision", "sign_out")
	// The word of the person counts only from our own page.
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
		{"Origin": "https://evil.example.com"}, {"Origin": "null"}} {
		r := formRequest("/oauth/logout", fields)
		for name, v := range header {
			r.Header.Set(name, v)
		}
		if a := b.send(r); !strings.HasPrefix(a.body, "confirm\n") || !b.isSignedIn() {
			t.Errorf("%v: %s", header, a.body)
		}
	}
	if a := b.post("/oauth/logout", with(fields, "decision", "stay")); a.location(t).String() != "/account" || !b.isSignedIn() {
		t.Errorf("stay: %s", a.Header.Get("Location"))
	}
	if a := b.post("/oauth/logout", with(fields, "decision", "yes")); !strings.HasPrefix(a.body, "confirm\n") || !b.isSignedIn() {
		t.Errorf("another word: %s", a.body)
	}
	r := formRequest("/oauth/logout", fields)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if a := b.send(r); a.StatusCode != http.StatusOK || a.body != "signed out\nhttps://rp.example.com/bye?state=s" || b.isSignedIn() {
		t.Errorf("confirmed: %d %s", a.StatusCode, a.body) // a page, not a redirect: CSP form-action
	}
}

// Section 3, 4: an address that is not registered gets no redirect, signed in or not, and nobody is signed out for it.
func TestEndSessionNeverRedirectsToAnUnregisteredAddress(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	got := b.signInTo("web")
	for _, uri := range []string{"https://evil.example.com", "https://rp.example.com/bye/", "https://rp.example.com/bye?x=1", "https://rp.example.com/bye#x",
		"https://rp.example.com/cb", "https://rp.example.com", "https://rp.example.com/%62ye", "//evil.example.com", "javascript:alert(1)", "https://rp.example.com/bye\r\nX: y"} {
		for _, pairs := range [][]string{{"id_token_hint", got.IDToken}, {"client_id", "web"}, {}, {"client_id", "spa"}} {
			for _, who := range []*browser{b, k.browser()} {
				a := who.endSession(append(pairs, "post_logout_redirect_uri", uri)...)
				if pairs == nil || a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" || strings.Contains(a.body, "evil") {
					t.Errorf("%q %.40q: %d %s", uri, pairs, a.StatusCode, a.body)
				}
			}
		}
	}
	if a := b.endSession("post_logout_redirect_uri", "https://rp.example.com/bye"); a.StatusCode != http.StatusBadRequest {
		t.Errorf("nobody's address: %d", a.StatusCode)
	}
	for name, pairs := range map[string][]string{
		"unknown client":     {"client_id", "nobody"},
		"contradiction":      {"client_id", "other", "id_token_hint", got.IDToken},
		"access token":       {"id_token_hint", got.AccessToken},
		"damaged hint":       {"id_token_hint", got.IDToken + "x"},
		"quotes in a client": {"client_id", "' OR 1=1"},
	} {
		if a := b.endSession(pairs...); a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	if a := b.get("/oauth/logout?state=1&state=2"); a.StatusCode != http.StatusBadRequest {
		t.Errorf("twice: %d", a.StatusCode)
	}
	if !b.isSignedIn() {
		t.Error("somebody was signed out")
	}
}

func TestEndSessionTakesPOST(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	got := b.signInTo("web")
	a := b.post("/oauth/logout", url.Values{"id_token_hint": {got.IDToken}, "post_logout_redirect_uri": {"https://rp.example.com/bye"}})
	if a.StatusCode != http.StatusOK || a.body != "signed out\nhttps://rp.example.com/bye" || b.isSignedIn() {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// A browser sends no SameSite=Lax cookies with a form of another site: it is sent here once more by GET, and loses no
// cookie that it did not show.
func TestEndSessionPostedFromAnotherSite(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	stranger := k.browser()
	form := url.Values{"client_id": {"web"}, "post_logout_redirect_uri": {"https://rp.example.com/bye"}, "state": {"s"}}
	r := formRequest("/oauth/logout", form)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	a := stranger.send(r)
	to := a.location(t)
	if to.Path != "/oauth/logout" || to.Query().Encode() != form.Encode() || len(a.Cookies()) != 0 {
		t.Errorf("sent to %s with %v", to, a.Cookies())
	}
	if a := b.get(to.String()); !strings.HasPrefix(a.body, "confirm\n") || !b.isSignedIn() {
		t.Errorf("then: %s", a.body)
	}
	// With an ID token the session that it names ends, whoever brings it.
	got := b.signInTo("web")
	if a := stranger.post("/oauth/logout", url.Values{"id_token_hint": {got.IDToken}}); a.StatusCode != http.StatusOK || b.isSignedIn() {
		t.Errorf("by its ID token: %d", a.StatusCode)
	}
}

// Front-Channel Logout 1.0 3: each client that took part is loaded in a frame with iss and sid, others are not; and the
// browser stays on our page while they load.
func TestEndSessionByTheFrontChannel(t *testing.T) {
	k := light(t)
	for clientID, uri := range map[string]string{"front": "https://front.example.com/out", "query": "https://query.example.com/out?a=b", "absent": "https://absent.example.com/out"} {
		_, _, err := k.clients.Register(t.Context(), k.store, clientID, client.Metadata{SkipConsent: true, TokenEndpointAuthMethod: client.AuthNone,
			RedirectURIs: []string{"https://rp.example.com/cb"}, FrontchannelLogoutURI: uri})
		k.must(err)
	}
	b := k.signedIn(k.person("user@example.com"))
	got := b.signInTo("web")
	b.signInTo("front")
	b.signInTo("query")
	named := url.Values{"iss": {issuer}, "sid": {b.current().Session.ID}}.Encode()
	a := b.endSession("id_token_hint", got.IDToken, "post_logout_redirect_uri", "https://rp.example.com/bye")
	want := "signed out\nhttps://rp.example.com/bye\nhttps://front.example.com/out?" + named + "\nhttps://query.example.com/out?a=b&" + named
	if a.StatusCode != http.StatusOK || a.body != want || b.isSignedIn() {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// A browser whose session was ended elsewhere tells its applications when it comes to sign out, and only then, and once.
func TestEndSessionThatHasEnded(t *testing.T) {
	k := light(t)
	_, _, err := k.clients.Register(t.Context(), k.store, "front", client.Metadata{SkipConsent: true, TokenEndpointAuthMethod: client.AuthNone,
		RedirectURIs: []string{"https://rp.example.com/cb"}, FrontchannelLogoutURI: "https://front.example.com/out"})
	k.must(err)
	b := k.signedIn(k.person("user@example.com"))
	b.signInTo("front")
	s := b.current().Session
	k.endAs(s, storage.StatusRevoked, logout.Revoked)
	for _, frame := range []string{"\nhttps://front.example.com/out?" + url.Values{"iss": {issuer}, "sid": {s.ID}}.Encode(), ""} {
		if a := b.endSession(); a.StatusCode != http.StatusOK || a.body != "signed out\n"+frame {
			t.Errorf("%d %q, want the frame %q", a.StatusCode, a.body, frame)
		}
	}
}
