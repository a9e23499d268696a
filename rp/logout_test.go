package rp_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/rptest"
)

var refresh = regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]*)"`)

// signOut posts the form and returns where the page goes on to.
func (w *world) signOut(b *http.Client) *url.URL {
	w.Helper()
	res, err := still(b).PostForm(w.url+w.app.LogoutPath(), nil)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatal(err)
	}
	m := refresh.FindSubmatch(body)
	if res.StatusCode != http.StatusOK || m == nil {
		w.Fatalf("sign-out: %d %s", res.StatusCode, body)
	}
	u, err := url.Parse(html.UnescapeString(string(m[1])))
	if err != nil {
		w.Fatal(err)
	}
	return u
}

func TestSignOut(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	p := w.visit(b, "/")
	onward := w.signOut(b)
	q := onward.Query()
	if onward.Path != "/logout" || q.Get("id_token_hint") == "" || q.Get("client_id") != "shop" ||
		q.Get("post_logout_redirect_uri") != w.url+"/bye" || len(q.Get("state")) != 43 {
		t.Errorf("onward to %s", onward)
	}
	if w.store.Len() != 0 {
		t.Error("the session is still there")
	}
	if res, _ := w.get(still(b), "/"); res.StatusCode != http.StatusFound {
		t.Errorf("signed out, and still %d", res.StatusCode)
	}
	res, _ := w.get(b, onward.String())
	if res.Request.URL.Path != "/bye" || res.Header.Get("X-Signed-Out") != "yes" {
		t.Errorf("came back to %s, signed out %q", res.Request.URL, res.Header.Get("X-Signed-Out"))
	}
	if res, _ := w.get(b, res.Request.URL.String()); res.Header.Get("X-Signed-Out") != "no" {
		t.Error("the same return counted twice")
	}
	if again := w.visit(b, "/"); again.SessionID == p.SessionID {
		t.Error("the session at the provider was not ended")
	}
}

func TestSignOutTwice(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	w.visit(b, "/")
	w.signOut(b)
	if u := w.signOut(b); u.Query().Has("id_token_hint") {
		t.Errorf("a hint from nowhere: %s", u)
	}
}

func TestSignOutIsNotForOthersToAsk(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	w.visit(b, "/")
	req, _ := http.NewRequest(http.MethodPost, w.url+"/auth/logout", nil)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	w.wantFailure(res, http.StatusForbidden, rp.CodeInvalidRequest)
	if res, _ := w.get(b, "/auth/logout"); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", res.StatusCode)
	}
	if w.store.Len() != 1 {
		t.Error("the session was ended")
	}
}

func TestSignOutWhereTheProviderHasNone(t *testing.T) {
	w := newWorld(t, func(c *rp.Config) { c.PostLogoutRedirectURI = "" })
	if u := w.signOut(w.browser()); u.Path != "/logout" || u.Query().Has("state") {
		t.Errorf("without a way back: %s", u)
	}
	p := rptest.Start(t, w.theirs.Now)
	p.Tamper.Discovery = func(doc map[string]any) { delete(doc, "end_session_endpoint") }
	w2 := newWorld(t, func(c *rp.Config) { c.Issuer = p.Issuer })
	if u := w2.signOut(w2.browser()); u.Path != "/bye" {
		t.Errorf("without end_session_endpoint: %s", u)
	}
}
