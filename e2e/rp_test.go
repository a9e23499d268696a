package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/rp/demo"
)

// rp asks for what the demo never does: it is the demo's client, with the code taken from the address that the browser
// comes back to (where the demo, which began nothing, refuses it).
type rp struct{ h *house }

// verifier and its S256 challenge are those of RFC 7636 appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// authorize sends the browser with more parameters, as name, value, name, value.
func (r rp) authorize(p *browser.Page, more ...string) {
	q := url.Values{"response_type": {"code"}, "client_id": {"demo"}, "redirect_uri": {demo.RedirectURI(r.h.Info.DemoURL)},
		"scope": {"openid profile email"}, "state": {"st"}, "nonce": {"no"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	p.Go(r.h.Info.Issuer + "/oauth/authorize?" + q.Encode())
}

// answer waits for the browser to come back, and returns what it brings.
func (r rp) answer(t *testing.T, p *browser.Page) url.Values {
	t.Helper()
	p.WaitURL(demo.RedirectURI(r.h.Info.DemoURL) + "?")
	u, err := url.Parse(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("state") != "st" || q.Get("iss") != r.h.Info.Issuer {
		t.Errorf("state %q, iss %q", q.Get("state"), q.Get("iss"))
	}
	return q
}

// idToken is what the tests read of one.
type idToken struct {
	SID      string   `json:"sid"`
	Subject  string   `json:"sub"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr"`
	AuthTime int64    `json:"auth_time"`
	Actor    *struct {
		Issuer    string `json:"iss"`
		Subject   string `json:"sub"`
		SessionID string `json:"sid"`
	} `json:"act"`

	access string // the access token beside it
}

// redeem waits for the browser to come back and redeems the code.
func (r rp) redeem(t *testing.T, p *browser.Page) (id idToken) {
	t.Helper()
	q := r.answer(t, p)
	if q.Get("code") == "" {
		t.Fatalf("no code: %v", q)
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {q.Get("code")}, "code_verifier": {verifier},
		"redirect_uri": {demo.RedirectURI(r.h.Info.DemoURL)}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.h.Info.Issuer+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("demo", r.h.Info.Client("demo").ClientSecret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var tokens struct {
		IDToken     string `json:"id_token"`
		AccessToken string `json:"access_token"`
		Error       string `json:"error"`
	}
	if err := json.NewDecoder(res.Body).Decode(&tokens); err != nil || tokens.Error != "" {
		t.Fatalf("token: %d %s, %v", res.StatusCode, tokens.Error, err)
	}
	// The provider was asked over the way that TLS protects in life; the signature is for others to check.
	parts := strings.Split(tokens.IDToken, ".")
	if len(parts) != 3 {
		t.Fatalf("id_token %q", tokens.IDToken)
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(claims, &id); err != nil {
		t.Fatal(err)
	}
	id.access = tokens.AccessToken
	return id
}
