package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/e2e/browser"
)

// api calls the management API as the seeded service, and decodes the answer.
func (h *house) api(method, path string, body any, into any) (status int) {
	h.t.Helper()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if code := h.call("POST", "/oauth/token", "application/x-www-form-urlencoded", form.Encode(), func(r *http.Request) {
		r.SetBasicAuth("demo-service", h.Info.Client("demo-service").ClientSecret)
	}, &token); code != http.StatusOK {
		h.t.Fatalf("token of the service: %d", code)
	}
	b, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call(method, path, "application/json", string(b), bearer(token.AccessToken), into)
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func (h *house) call(method, path, contentType, body string, with func(*http.Request), into any) int {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.Info.Issuer+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	with(r)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	if into != nil {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			h.t.Fatalf("%s %s: %d, %v", method, path, res.StatusCode, err)
		}
	}
	return res.StatusCode
}

func (h *house) userID(email string) string {
	h.t.Helper()
	u, err := h.Server.Users.ByEmail(h.t.Context(), email)
	if err != nil {
		h.t.Fatal(err)
	}
	return u.ID
}

// actorToken lets the administrator act as the user, and returns what they open.
func (h *house) actorToken(reason string) string {
	h.t.Helper()
	var token struct {
		URL    string `json:"url"`
		Status string `json:"status"`
	}
	code := h.api("POST", "/v1/actor_tokens", map[string]any{"user_id": h.userID(theUser), "reason": reason,
		"actor": map[string]string{"sub": h.userID(theAdmin)}}, &token)
	if code != http.StatusCreated || token.Status != "pending" || !strings.HasPrefix(token.URL, h.Info.Issuer+"/impersonate?ticket=") {
		h.t.Fatalf("actor token: %d, %+v", code, token)
	}
	return token.URL
}

// An administrator acts as the user in the demo, and everybody can tell: the banner, the token, the history, the audit.
func TestImpersonation(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		user := browser.New(t, browser.Options{})
		h.demo(user, theUser) // consents, which nobody can do for them
		p := browser.New(t, browser.Options{})
		p.Allow("a status of 403", "a status of 410", "a status of 401")
		h.account(p, theAdmin)
		own := browser.Eval[string](p, "document.body.dataset.session")

		opened := h.actorToken("The March invoice is missing")
		p.Go(opened)
		p.WaitText("The March invoice is missing")
		if at := p.URL(); at != h.Info.Issuer+"/impersonate" {
			t.Errorf("the ticket stays in the address: %s", at)
		}
		submit(p)
		p.WaitURL(h.Info.Issuer + "/account")
		p.WaitText("You are signed in as " + theUser + " for support.")
		p.WaitText("Acting: " + theAdmin)
		sid := browser.Eval[string](p, "document.body.dataset.session")
		if first := browser.Eval[string](p, "document.querySelector('a, button, input').className"); !strings.Contains(first, "acting-stop") {
			t.Errorf("the keyboard reaches %q first", first)
		}

		// The account is there to be looked at.
		p.Go(h.Info.Issuer + "/account/security")
		p.WaitText("Only its owner can change it.")
		if p.Has("main button:not([disabled]), main input:not([disabled]):not([hidden])") {
			t.Error("something is offered that would be refused")
		}
		if got := status(p, "POST", "/account/security/password"); got != http.StatusForbidden {
			t.Errorf("a new password: %d", got)
		}
		p.Go(opened)
		p.WaitText("You already act as somebody")

		// The demo signs in as the user, without their password and without a question.
		h.toDemo(p)
		h.inDemo(p, theUser)
		if p.Text(".curfew-banner b") != theUser || !strings.Contains(p.Text(".curfew-banner"), h.userID(theAdmin)) {
			t.Errorf("the demo's banner says %q", p.Text(".curfew-banner"))
		}
		if now := demoSession(p); now != sid {
			t.Errorf("the demo has session %s, want %s", now, sid)
		}
		demo := p
		p = p.Tab()
		rp{h}.authorize(p)
		id := rp{h}.redeem(t, p)
		if id.Actor == nil || id.Actor.Subject != h.userID(theAdmin) || id.Actor.SessionID != own || id.Actor.Issuer != h.Info.Issuer || id.Subject != h.userID(theUser) {
			t.Errorf("the ID token says sub %s, act %+v", id.Subject, id.Actor)
		}
		if got := h.call("PATCH", "/v1/me/metadata", "application/json", `{"unsafe_metadata": {"a": 1}}`, bearer(id.access), nil); got != http.StatusForbidden {
			t.Errorf("new metadata: %d", got)
		}

		// From the app's banner to the end.
		stop := browser.Eval[string](demo, "document.querySelector('.curfew-banner-stop').href")
		p.Go(stop)
		p.WaitText("Stop acting as " + theUser + "?")
		submit(p)
		p.WaitText("You have stopped")
		p.WaitURL(h.Info.Issuer + "/account")
		p.WaitText(theAdmin)
		if now := browser.Eval[string](p, "document.body.dataset.session"); now != own || p.Has(".acting") {
			t.Errorf("back in session %s, want %s", now, own)
		}
		for range 100 { // the page of the demo leaves by itself
			if !demo.Has(".curfew-banner") {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if demo.Has(".curfew-banner") || demo.Has(".stack") {
			t.Error("the demo still shows the user")
		}
		demo.Go(h.Info.DemoURL)
		demo.WaitText("Sign in with curfew")
		p.Go(opened)
		p.WaitText("This link has been used")

		// The user's own session went on, and their history tells.
		user.Go(h.Info.DemoURL)
		user.WaitText("What curfew says about you")
		if user.Has(".curfew-banner") {
			t.Error("the user's own page says that somebody acts")
		}
		user.Go(h.Info.Issuer + "/account/history")
		user.WaitText("Support signed in as you")
		user.WaitText("The March invoice is missing")
		user.WaitText("Support no longer acts as you")

		chains := h.Server.Audit
		if _, err := chains.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := chains.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		report, err := chains.Verify(t.Context())
		if err != nil || len(report.Faults) > 0 || report.Events == 0 {
			t.Errorf("the audit: %+v, %v", report, err)
		}
	})
}

// The actor who is not signed in does so first, without scripts; when their session ends, the other ends with it.
func TestImpersonationSignsInFirst(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{NoScript: true})
	p.Allow("a status of 403")
	p.Go(h.actorToken("A question"))
	p.WaitURL(h.Info.Issuer + "/signin/")
	if hint := p.Text("main"); !strings.Contains(hint, theAdmin) && browser.Eval[string](p, "document.querySelector('input[name=email]').value") != theAdmin {
		t.Error("the sign-in does not know whom it waits for")
	}
	h.signIn(p, theAdmin)
	p.WaitText("Act as " + theUser + "?")
	submit(p)
	p.WaitText("Acting: " + theAdmin)
	if code := h.api("POST", "/v1/users/"+h.userID(theAdmin)+"/end_sessions", map[string]any{}, nil); code/100 != 2 {
		t.Fatalf("end the actor's sessions: %d", code)
	}
	p.Go(h.Info.Issuer + "/account")
	p.WaitText("You are signed out")
	if p.Has(".acting") {
		t.Error("the banner of a session that is over")
	}

	other := browser.New(t, browser.Options{})
	other.Allow("a status of 403")
	h.account(other, theUser)
	other.Go(h.actorToken("A question"))
	other.WaitText("Choose an account")
}

// The browser app shows who acts, too; and every new page can be used by everybody.
func TestImpersonationLooks(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	user := browser.New(t, browser.Options{})
	h.demo(user, theUser)
	h.demoSPA(user)
	p := browser.New(t, browser.Options{})
	h.account(p, theAdmin)
	script := axe(t)
	p.Go(h.actorToken("The March invoice is missing"))
	p.WaitText("Act as")
	accessible(t, script, p, "impersonate")
	submit(p)
	for _, path := range []string{"/account", "/account/security", "/account/sessions", "/", "/impersonate/stop"} {
		p.Go(h.Info.Issuer + path)
		p.WaitText("Acting: ")
		accessible(t, script, p, "acting"+strings.ReplaceAll(path, "/", "-"))
	}
	h.toDemo(p)
	h.inDemo(p, theUser)
	accessible(t, script, p, "acting-demo")
	p.Go(h.Info.DemoURL + "/spa")
	p.Click("[data-sign-in]")
	p.WaitURL(h.Info.DemoURL + "/spa")
	p.WaitText("Use the token")
	p.WaitText("You see this as " + theUser)
	accessible(t, script, p, "acting-spa")
}
