package consent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/consent"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

func TestConsentIsAskedForWhatWasNotGranted(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		ctx, c := t.Context(), clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		clients := client.NewRegistry(store, c)
		consents := consent.New(store, logout.NewDoor(store, clients, c), c)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		u, err := user.New(store, c).Create(ctx, store, user.NewUser{Email: "user@example.com", Kind: audit.SignedUp})
		must(err)
		asking, _, err := clients.Register(ctx, store, "asking", client.Metadata{RedirectURIs: []string{"https://rp.example.com/cb"}})
		must(err)
		own, _, err := clients.Register(ctx, store, "own", client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb"}})
		must(err)
		needed := func(cl *client.Client, scope string) bool {
			t.Helper()
			n, err := consents.Needed(ctx, u.ID, cl, scope)
			must(err)
			return n
		}
		if !needed(asking, "openid") || !needed(asking, "") || needed(own, "openid profile") || !needed(own, "openid offline_access") {
			t.Error("before any consent")
		}
		must(consents.Grant(ctx, u.ID, "asking", "openid profile"))
		must(consents.Grant(ctx, u.ID, "asking", "email openid"))
		must(consents.Grant(ctx, u.ID, "own", "offline_access"))
		row, err := store.Consent(ctx, u.ID, "asking")
		if err != nil || row.Scope != "email openid profile" {
			t.Errorf("%+v, %v", row, err)
		}
		if needed(asking, "profile openid email") || !needed(asking, "openid phone") || !needed(asking, "openid offline_access") || needed(own, "openid offline_access") {
			t.Error("after the consent")
		}
		must(consents.Withdraw(ctx, u.ID, "asking", u.ID))
		if !needed(asking, "openid") || needed(own, "openid offline_access") {
			t.Error("after its withdrawal")
		}
		if err := consents.Withdraw(ctx, u.ID, "asking", u.ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("withdrawn again: %v", err)
		}
	})
}
