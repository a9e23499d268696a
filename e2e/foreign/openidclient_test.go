package foreign

import (
	"encoding/json"
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
)

// openid-client by each way of client authentication that it and curfew know.
func TestOpenIDClient(t *testing.T) {
	needPackages(t)
	h := start(t)
	p := browser.New(t, browser.Options{})
	for i, method := range []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"} {
		t.Log(method)
		n := newNodeParty(t)
		name := "Notes with " + method
		public := method == "none"
		metadata := map[string]any{"client_name": name, "token_endpoint_auth_method": method,
			"redirect_uris": []string{n.origin + "/callback"}, "post_logout_redirect_uris": []string{n.origin + "/bye"},
			"scope": "openid profile email letters:read"}
		if !public {
			metadata["grant_types"] = []string{"authorization_code", "refresh_token", "client_credentials"}
		}
		if method == "private_key_jwt" {
			metadata["jwks"] = map[string]any{"keys": []json.RawMessage{n.jwk}}
		}
		app := h.register(metadata)
		n.connect(h.Info.Issuer, method, app)

		p.Go(n.origin + "/login")
		if i == 0 {
			h.enter(p)
		}
		h.consent(p, name)
		n.stay(p, app, public)

		p.Go(n.origin + "/login") // nobody is asked anything
		again := n.arrived(p)
		h.revoke(again.SessionID)
		n.refused("refresh", "invalid_grant")
		n.refused("userinfo", "invalid_token")
		if !public {
			if a := n.must("introspect"); a.Active {
				t.Errorf("introspection of a revoked session %+v", a)
			}
		}
		p.Go(n.origin + "/login")
		h.enter(p)
		last := n.arrived(p)
		if last.SessionID == again.SessionID || last.Subject != again.Subject {
			t.Errorf("signed in as %+v, was %+v", last, again)
		}
	}
}

// arrived reads what the callback shows: the claims of the ID token.
func (n *nodeParty) arrived(p *browser.Page) (a nodeAnswer) {
	n.t.Helper()
	p.WaitURL(n.origin + "/callback")
	if err := json.Unmarshal([]byte(p.Text("pre")), &a); err != nil || a.Error != "" || a.SessionID == "" {
		n.t.Fatalf("%+v, %v", a, err)
	}
	return a
}

// stay is what comes after the sign-in, up to the relying party's taking its tokens back.
func (n *nodeParty) stay(p *browser.Page, app application, public bool) {
	n.t.Helper()
	first := n.arrived(p)
	if next := n.must("refresh"); next.Subject != first.Subject || next.SessionID != first.SessionID {
		n.t.Errorf("%+v after %+v", next, first)
	}
	if info := n.must("userinfo"); info.Email != person {
		n.t.Errorf("userinfo %+v", info)
	}
	if public { // RFC 7662 2.1: only for who authenticates
		n.refused("introspect", "invalid_client")
		n.refused("credentials", "unauthorized_client")
	} else {
		if a := n.must("introspect"); !a.Active || a.Subject != first.Subject || a.SessionID != first.SessionID || a.ClientID != app.ClientID {
			n.t.Errorf("introspection %+v", a)
		}
		if a := n.must("credentials"); !a.Active || a.ClientID != app.ClientID || a.Scope != "letters:read" || a.SessionID != "" {
			n.t.Errorf("introspection of the client's own token %+v", a)
		}
	}
	n.must("revoke")
	n.refused("refresh", "invalid_grant")
	if !public {
		if a := n.must("introspect"); a.Active {
			n.t.Errorf("introspection after a revocation %+v", a)
		}
	}
}

// The sign-out that openid-client builds needs no question, for it carries the session's ID token.
func TestOpenIDClientSignsOut(t *testing.T) {
	needPackages(t)
	h := start(t)
	n := newNodeParty(t)
	n.connect(h.Info.Issuer, "client_secret_basic", h.register(map[string]any{"client_name": "Notes",
		"redirect_uris": []string{n.origin + "/callback"}, "post_logout_redirect_uris": []string{n.origin + "/bye"}}))
	p := browser.New(t, browser.Options{})
	p.Go(n.origin + "/login")
	h.signIn(p, "Notes")
	n.arrived(p)
	n.must("refresh")
	p.Go(n.origin + "/logout")
	p.WaitText(`{"bye":"the-end"}`)
	n.refused("refresh", "invalid_grant")
	p.Go(n.origin + "/login")
	p.WaitURL(h.Info.Issuer + "/signin/")
}
