package op_test

import (
	"errors"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// Whatever ends an impersonation at the moment at which it begins: afterwards there is none.
func TestRedeemedWhileItEnds(t *testing.T) {
	for name, end := range map[string]func(c *cast) error{
		"session": func(c *cast) error {
			_, err := c.door.End(c.Context(), c.store, c.own.Session, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "test"})
			return err
		},
		"role": func(c *cast) error {
			row, err := c.store.User(c.Context(), c.admin.ID)
			if err != nil {
				return err
			}
			row.Role = ""
			return c.users.Update(c.Context(), c.store, c.door, row, "test")
		},
		"disabled": func(c *cast) error { return c.users.Disable(c.Context(), c.store, c.door, c.admin.ID, "test") },
		"policy": func(c *cast) error {
			_, row, err := c.actors.Policy(c.Context(), c.store)
			if err != nil {
				return err
			}
			_, err = c.actors.SetPolicy(c.Context(), c.store, row, `{"rules":[]}`, "test")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachCast(t, func(t *testing.T, c *cast) {
				_, ticket := c.create(nil)
				var wg sync.WaitGroup
				var redeemed, ended error
				wg.Go(func() {
					_, redeemed = c.actors.Redeem(httptest.NewRecorder(), httptest.NewRequest("POST", issuer, nil), ticket, c.own)
				})
				wg.Go(func() { ended = end(c) })
				wg.Wait()
				if ended != nil || redeemed != nil && !errors.Is(redeemed, session.ErrNone) && !errors.Is(redeemed, actor.ErrRefused) {
					t.Fatal(redeemed, ended)
				}
				list, err := c.store.ActingSessions(t.Context(), "", "", "", 50)
				if err != nil || len(list) != 0 {
					t.Errorf("%d go on, %v", len(list), err)
				}
			})
		})
	}
}
