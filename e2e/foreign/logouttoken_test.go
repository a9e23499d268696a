package foreign

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/e2e/browser"
)

// logoutParty is npm/logout-party.js with a browser that is signed in to it.
type logoutParty struct {
	*nodeParty
	h      *house
	issuer string
}

// newLogoutParty registers one for the back channel. Its ID and logout tokens are signed by alg.
func newLogoutParty(t *testing.T, h *house, name, alg string) *logoutParty {
	t.Helper()
	n := startNode(t, "logout-party.js")
	app := h.register(map[string]any{"client_name": name, "redirect_uris": []string{n.origin + "/callback"},
		"id_token_signed_response_alg": alg, "backchannel_logout_uri": n.origin + "/backchannel-logout",
		"backchannel_logout_session_required": true})
	n.tell(map[string]string{"issuer": h.Info.Issuer, "token_endpoint_auth_method": "client_secret_basic", "alg": alg,
		"client_id": app.ClientID, "client_secret": app.ClientSecret})
	return &logoutParty{n, h, h.Info.Issuer}
}

// partyUser is whom the application takes the browser for.
type partyUser struct {
	Subject   string `json:"sub"`
	SessionID string `json:"sid"`
	IDToken   string `json:"id_token"`
}

// signIn signs the browser in to the application.
func (l *logoutParty) signIn(p *browser.Page, through func()) partyUser {
	l.t.Helper()
	p.Go(l.origin + "/login")
	through()
	p.WaitURL(l.origin)
	u := l.user(p)
	if u.Subject == "" || u.SessionID == "" {
		l.t.Fatalf("signed in as %+v: %s", u, p.Text("pre"))
	}
	return u
}

func (l *logoutParty) user(p *browser.Page) (u partyUser) {
	l.t.Helper()
	p.Go(l.origin)
	if err := json.Unmarshal([]byte(p.Text("pre")), &u); err != nil {
		l.t.Fatal(err)
	}
	return u
}

// told is what has come by the back channel: the tokens, and whom the library keeps as signed out.
type told struct{ Tokens, Kept []string }

func (l *logoutParty) told() (got told) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.origin+"/received", nil)
	if err != nil {
		l.t.Fatal(err)
	}
	exchange(l.t, req, &got)
	return got
}

// waitTold waits until the library has accepted that a session has ended.
func (l *logoutParty) waitTold(sessionID string) told {
	l.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		got := l.told()
		if slices.Contains(got.Kept, l.issuer+"|"+sessionID) {
			return got
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("not told that %s ended: %+v", sessionID, got)
		}
	}
}

// present posts a logout token as the provider would, and returns what the application answered.
func (l *logoutParty) present(token string) (status int) {
	l.t.Helper()
	res, err := http.PostForm(l.origin+"/backchannel-logout", url.Values{"logout_token": {token}})
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// express-openid-connect validates logout tokens (Back-Channel Logout 1.0 2.6) by each algorithm that it knows, and drops
// the session that they name, and no other application's.
func TestLogoutTokens(t *testing.T) {
	needPackages(t)
	h := start(t)
	p := browser.New(t, browser.Options{})
	signedIn := false
	for _, alg := range []string{"ES256", "RS256", "PS256", "EdDSA"} {
		t.Log(alg)
		books, films := newLogoutParty(t, h, "Books in "+alg, alg), newLogoutParty(t, h, "Films in "+alg, alg)
		user := books.signIn(p, func() {
			if !signedIn {
				h.enter(p)
			}
			h.consent(p, "Books in "+alg)
		})
		films.signIn(p, func() { h.consent(p, "Films in "+alg) })
		if before := books.told(); len(before.Tokens) != 0 {
			t.Fatalf("told before the end: %+v", before)
		}

		h.revoke(user.SessionID)
		got, other := books.waitTold(user.SessionID), films.waitTold(user.SessionID)
		if !slices.Contains(got.Kept, h.Info.Issuer+"|"+user.Subject) || len(got.Tokens) != 1 || len(other.Tokens) != 1 {
			t.Errorf("told %+v and %+v", got, other)
		}
		if sessionOf(t, got.Tokens[0]) != user.SessionID {
			t.Errorf("told of %s", sessionOf(t, got.Tokens[0]))
		}
		if u := books.user(p); u.Subject != "" {
			t.Errorf("the application still knows %+v", u)
		}

		for what, token := range map[string]string{"another application's": other.Tokens[0], "tampered with": tamper(t, got.Tokens[0]),
			"an ID token": user.IDToken, "nothing": ""} {
			if status := books.present(token); status != http.StatusBadRequest {
				t.Errorf("%s: %d, want a refusal", what, status)
			}
		}
		if status := books.present(got.Tokens[0]); status != http.StatusNoContent {
			t.Errorf("the good one again: %d", status)
		}
		// The next sign-in is another session, of which nothing has been said.
		again := books.signIn(p, func() { h.enter(p) })
		if again.SessionID == user.SessionID || again.Subject != user.Subject {
			t.Errorf("signed in as %+v, was %+v", again, user)
		}
		signedIn = true
	}
}

// tamper changes one character in the middle of the signature.
func tamper(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %s", token)
	}
	at := len(parts[2]) / 2
	swap := "A"
	if parts[2][at] == 'A' {
		swap = "B"
	}
	return parts[0] + "." + parts[1] + "." + parts[2][:at] + swap + parts[2][at+1:]
}
