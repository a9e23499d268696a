package consent

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// Consents decides and records.
type Consents struct {
	store *storage.Store
	door  *logout.Door
	clock clock.Clock
}

// New returns the Consents of a store.
func New(store *storage.Store, door *logout.Door, clk clock.Clock) *Consents {
	return &Consents{store: store, door: door, clock: clk}
}

// Needed tells whether the user must be asked before the client gets scope. An application of the operator's own is not
// asked about, except for lasting access (OpenID Connect Core 11 wants consent for offline_access).
func (c *Consents) Needed(ctx context.Context, userID string, cl *client.Client, scope string) (bool, error) {
	ask := strings.Fields(scope)
	if cl.SkipConsent {
		if !slices.Contains(ask, "offline_access") {
			return false, nil
		}
		ask = []string{"offline_access"}
	}
	row, err := c.store.Consent(ctx, userID, cl.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	given := strings.Fields(row.Scope)
	return slices.ContainsFunc(ask, func(s string) bool { return !slices.Contains(given, s) }), nil
}

// Grant records that the user lets the client have scope, beside what was granted before.
func (c *Consents) Grant(ctx context.Context, userID, clientID, scope string) error {
	now := c.clock.Now()
	return c.store.Tx(ctx, func(tx *storage.Store) error {
		all := strings.Fields(scope)
		row, err := tx.Consent(ctx, userID, clientID)
		if err == nil {
			all = append(all, strings.Fields(row.Scope)...)
		} else if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		slices.Sort(all)
		granted := strings.Join(slices.Compact(all), " ")
		if err := tx.PutConsent(ctx, userID, clientID, granted, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.ConsentGranted, At: now, UserID: userID, ClientID: clientID,
			By: userID, Data: map[string]any{"scope": scope}})
	})
}

// Withdraw takes a consent back: the client's families are revoked, its lasting access ends through the door. It returns
// storage.ErrNotFound where there was none.
func (c *Consents) Withdraw(ctx context.Context, userID, clientID, by string) error {
	now := c.clock.Now()
	return c.store.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.DeleteConsent(ctx, userID, clientID); err != nil {
			return err
		}
		if err := tx.DeleteClientCodes(ctx, userID, clientID); err != nil {
			return err
		}
		offline, err := tx.OfflineSessions(ctx, userID, clientID)
		if err != nil {
			return err
		}
		for _, s := range offline {
			if _, err := c.door.End(ctx, tx, s, logout.Cause{Status: storage.StatusRevoked, Reason: logout.ConsentGone, By: by}); err != nil {
				return err
			}
		}
		// After the sessions: whoever ends one locks it before its families, too.
		if err := tx.RevokeClientFamilies(ctx, userID, clientID, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.ConsentWithdrawn, At: now, UserID: userID, ClientID: clientID, By: by})
	})
}
