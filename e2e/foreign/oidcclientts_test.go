package foreign

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
)

// spaAnswer is what a function of testdata/spa/app.js came to.
type spaAnswer struct {
	Error string
	User  *spaUser
}

// spaUser is oidc-client-ts's User.
type spaUser struct {
	IDToken      string `json:"id_token"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	SessionState string `json:"session_state"`
	ExpiresAt    int64  `json:"expires_at"`
	Profile      struct {
		Subject   string `json:"sub"`
		SessionID string `json:"sid"`
		Email     string
		Audience  string `json:"aud"`
	}
}

// serveSPA serves the app on an origin of its own and registers it: a public client, nothing said about CORS.
func serveSPA(t *testing.T, h *house) (origin string) {
	t.Helper()
	needPackages(t)
	origin, mux := serve(t)
	app := h.register(map[string]any{"client_name": "Maps", "token_endpoint_auth_method": "none",
		"redirect_uris": []string{origin + "/callback"}, "post_logout_redirect_uris": []string{origin + "/bye"}})
	file := func(pattern, name string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			http.ServeFile(w, r, name)
		})
	}
	for _, path := range []string{"/{$}", "/callback", "/bye"} {
		file(path, "testdata/spa/index.html")
	}
	file("/app.js", "testdata/spa/app.js")
	file("/oidc-client-ts.js", "npm/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js")
	mux.HandleFunc("/registered", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"authority": h.Info.Issuer, "client_id": app.ClientID})
	})
	return origin
}

// spaSignIn goes to the app and signs in from there, through whatever the provider asks.
func spaSignIn(t *testing.T, p *browser.Page, origin string, through func()) *spaUser {
	t.Helper()
	p.Go(origin)
	p.WaitText("Ready")
	spaGo(p, "signIn")
	through()
	p.WaitText("Signed in as " + person + ", back at the atlas")
	u := spaDo(p, "user").User
	if u == nil || u.RefreshToken == "" || u.Profile.SessionID == "" || u.Profile.Email != person {
		t.Fatalf("signed in as %+v", u)
	}
	return u
}

// spaGo calls what takes the browser away, and so does not wait for what it comes to.
func spaGo(p *browser.Page, function string) { browser.Eval[any](p, "void app."+function+"()") }

func spaDo(p *browser.Page, function string) spaAnswer {
	return browser.Eval[spaAnswer](p, "app."+function+"()")
}

func TestOIDCClientTS(t *testing.T) {
	h := start(t)
	origin := serveSPA(t, h)
	p := browser.New(t, browser.Options{})
	first := spaSignIn(t, p, origin, func() { h.signIn(p, "Maps") })

	token := first
	for range 3 {
		got := spaDo(p, "renew")
		if got.User == nil {
			t.Fatalf("renewal: %s", got.Error)
		}
		if next := got.User; next.RefreshToken == token.RefreshToken || next.AccessToken == token.AccessToken ||
			next.IDToken == token.IDToken || next.Profile != first.Profile {
			t.Fatalf("%+v after %+v", next, token)
		}
		token = got.User
	}
	p.Go(origin) // the app starts anew and finds its tokens
	p.WaitText("Ready")
	if got := spaDo(p, "renew"); got.User == nil || got.User.Profile != first.Profile {
		t.Fatalf("renewal after a reload: %+v", got)
	}

	spaGo(p, "signOut")
	p.WaitText("Signed out, back at the door")
	if got := spaDo(p, "user"); got.User != nil {
		t.Errorf("the app still knows %+v", got.User)
	}
	again := spaSignIn(t, p, origin, func() { h.enter(p) })
	if again.Profile.SessionID == first.Profile.SessionID || again.Profile.Subject != first.Profile.Subject {
		t.Errorf("signed in as %+v, was %+v", again.Profile, first.Profile)
	}

	h.revoke(again.Profile.SessionID)
	p.Allow("a status of 400") // Chromium says so of the refusal
	if got := spaDo(p, "renew"); got.Error != "invalid_grant" {
		t.Errorf("renewal of a revoked session: %+v", got)
	}
}

// The app takes its refresh token back over CORS; the person stays signed in at the provider.
func TestOIDCClientTSRevokes(t *testing.T) {
	h := start(t)
	origin := serveSPA(t, h)
	p := browser.New(t, browser.Options{})
	first := spaSignIn(t, p, origin, func() { h.signIn(p, "Maps") })
	if got := spaDo(p, "takeBack"); got.Error != "" {
		t.Fatalf("revocation: %s", got.Error)
	}
	res, err := http.PostForm(h.Info.Issuer+"/oauth/token", url.Values{"grant_type": {"refresh_token"},
		"client_id": {first.Profile.Audience}, "refresh_token": {first.RefreshToken}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var refused struct{ Error string }
	if err := json.NewDecoder(res.Body).Decode(&refused); err != nil || refused.Error != "invalid_grant" {
		t.Errorf("refresh after a revocation: %+v, %v", refused, err)
	}
	again := spaSignIn(t, p, origin, func() {}) // nobody is asked anything
	if again.Profile.SessionID != first.Profile.SessionID {
		t.Errorf("another session: %+v, was %+v", again.Profile, first.Profile)
	}
}
