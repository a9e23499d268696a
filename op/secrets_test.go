package op_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// Design section 5: a leaked database holds nothing that lets anybody in, the audit included.
func TestTheDatabaseHoldsNoSecrets(t *testing.T) {
	k := light(t)
	b := k.signedIn(k.person("user@example.com"))
	unused, code := b.code("web"), b.code("spa")
	got := k.redeem("spa", code).tokens(t)
	next := k.refresh("spa", got.RefreshToken).tokens(t)
	k.redeem("spa", code).wantError(t, 400, "invalid_grant")
	stored := k.stored()
	for name, plain := range map[string]string{"code": unused, "redeemed code": code, "access token": got.AccessToken, "ID token": got.IDToken,
		"refresh token": got.RefreshToken, "successor": next.RefreshToken, "client secret": k.secrets["web"], "verifier": verifier,
		"session cookie": b.cookies["__Host-curfew_session"], "device cookie": b.cookies["__Host-curfew_device"]} {
		if plain == "" || strings.Contains(stored, plain) {
			t.Errorf("%s %q", name, plain)
		}
	}
	if !strings.Contains(stored, string(secret.Hash(unused))) { // the dump would show it
		t.Error("the dump shows no hashes")
	}
}

// Promise 5: a user who is disabled, or whose sessions were ended together, is out at once at every endpoint.
func TestDisabledUsersAreOutAtOnce(t *testing.T) {
	for name, end := range map[string]func(k *kit, u *storage.User) error{
		"disabled": func(k *kit, u *storage.User) error {
			row, err := k.store.User(k.Context(), u.ID)
			if err != nil {
				return err
			}
			row.Status = storage.UserDisabled
			return k.store.UpdateUser(k.Context(), row)
		},
		"epoch": func(k *kit, u *storage.User) error {
			return k.door.EndUser(k.Context(), k.store, u.ID, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "x"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, k *kit) {
				u := k.person("user@example.com")
				b := k.signedIn(u)
				k.must(k.consents.Grant(t.Context(), u.ID, "web", "offline_access"))
				all := []issued{b.signInTo("web"), b.signInTo("spa"), b.signInTo("web", "scope", "openid offline_access")}
				code := b.code("web")
				k.must(end(k, u))
				for i, clientID := range []string{"web", "spa", "web"} {
					k.refresh(clientID, all[i].RefreshToken).wantError(t, 400, "invalid_grant")
					if a := k.userinfo(all[i].AccessToken); a.StatusCode != http.StatusUnauthorized {
						t.Errorf("userinfo: %d", a.StatusCode)
					}
					if k.active("gateway", all[i].AccessToken) || k.active("gateway", all[i].RefreshToken) {
						t.Error("active")
					}
				}
				k.redeem("web", code).wantError(t, 400, "invalid_grant")
				if got := b.authorize("web", "prompt", "none").outcome(t); got != "login_required" {
					t.Error(got)
				}
				if n, err := k.door.Sweep(t.Context(), 10); err != nil || n != 2 {
					t.Errorf("swept %d, %v", n, err)
				}
			})
		})
	}
}

// RFC 7662 2.2, 4: who may not know about a token is told that it is not active.
func TestIntrospectionTellsOnlyWhoMayKnow(t *testing.T) {
	k := light(t)
	got := k.signedIn(k.person("user@example.com")).signInTo("web")
	for clientID, want := range map[string]bool{"web": true, "gateway": true, "other": false, "machine": false} {
		for _, tok := range []string{got.AccessToken, got.RefreshToken} {
			if k.active(clientID, tok) != want {
				t.Errorf("%s: %v", clientID, !want)
			}
		}
		if k.active(clientID, got.IDToken) || k.active(clientID, "x") {
			t.Errorf("%s: no token is active", clientID)
		}
	}
	k.call("/oauth/introspect", "web", url.Values{"token_type_hint": {"access_token"}}).wantError(t, 400, "invalid_request")
}
