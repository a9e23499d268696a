package op_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/storage"
)

// Ending a session locks it and then its families. What revokes families first and ends their session then would meet an
// end half-way, and both would wait until the database gives up on one of them.
func TestRevocationAndEndDoNotWaitForEachOther(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		for name, revoke := range map[string]func(userID, refreshToken string) error{
			"consent withdrawn": func(userID, _ string) error { return k.consents.Withdraw(t.Context(), userID, "web", userID) },
			"token revoked": func(_, refreshToken string) error {
				k.call("/oauth/revoke", "web", url.Values{"token": {refreshToken}})
				return nil
			},
		} {
			u := k.person(strings.Fields(name)[0] + "@example.com")
			k.must(k.consents.Grant(t.Context(), u.ID, "web", "openid offline_access"))
			got := k.signedIn(u).signInTo("web", "scope", "openid offline_access")
			_, familyID, _, err := k.tokens.ParseRefresh(got.RefreshToken)
			k.must(err)
			_, claims := parts(t, got.AccessToken)
			done := make(chan error, 1)
			k.must(k.store.Tx(t.Context(), func(tx *storage.Store) error {
				k.must(tx.HoldSession(t.Context(), u.ID, claims["sid"].(string)))
				go func() { done <- revoke(u.ID, got.RefreshToken) }()
				time.Sleep(200 * time.Millisecond)                                     // until it waits for the session
				soon, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond) // PostgreSQL looks for deadlocks after a second
				defer cancel()
				if _, err := tx.RevokeFamily(soon, u.ID, familyID, k.clock.Now()); err != nil {
					t.Errorf("%s: an end waits for the families: %v", name, err)
				}
				return nil
			}))
			k.must(<-done)
		}
	})
}
