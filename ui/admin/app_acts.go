package admin

import (
	"context"
	"strings"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) audit(ctx context.Context, tx *storage.Store, kind audit.Kind, clientID string, v *visit, was, is client.Metadata) error {
	before, after, err := api.Differences(was, is)
	if err != nil || len(before)+len(after) == 0 && kind == audit.ClientUpdated {
		return err
	}
	return audit.Write(ctx, tx, audit.Event{Kind: kind, At: h.Clock.Now(), ClientID: clientID, By: v.by(),
		Data: map[string]any{"before": before, "after": after}})
}

// rotateSecret shows the new secret in the answer to the POST, once.
func (h *Handlers) rotateSecret(v *visit) error {
	row, c, err := h.application(v)
	if err != nil {
		return err
	}
	if err := newSecretOf(v, c); err != nil {
		return err
	}
	sure, err := v.confirmed(page.PathAdminApps, func() (page.AdminConfirm, error) { return aboutApp(page.ActSecret, c), nil })
	if err != nil || !sure {
		return err
	}
	ctx, secret := v.r.Context(), ""
	err = h.Store.Tx(ctx, func(tx *storage.Store) error {
		if _, err := v.still(tx); err != nil {
			return err
		}
		now, err := h.Clients.In(ctx, tx, c.ID)
		if err == nil {
			err = newSecretOf(v, now) // an owner may have given it more since it was read
		}
		if err != nil {
			return err
		}
		_, secret, err = api.NewSecret(ctx, tx, h.Clients, h.Clock.Now(), now, v.by())
		return err
	})
	if err != nil {
		return err
	}
	return h.showApp(v, row, c, secret, "")
}

// newSecretOf refuses a new secret of an application that has none, or opens more than who visits may: who has the secret has
// what it opens.
func newSecretOf(v *visit, c *client.Client) error {
	if c.TokenEndpointAuthMethod != client.AuthBasic && c.TokenEndpointAuthMethod != client.AuthPost {
		return errBadForm
	}
	if api.BeyondRole(v.person.Role, strings.Fields(c.Scope)) != "" {
		return errNotFound
	}
	return nil
}

// endApp ends every session in which the application took part, as a whole.
func (h *Handlers) endApp(v *visit) error {
	_, c, err := h.application(v)
	if err != nil {
		return err
	}
	sure, err := v.confirmed(page.PathAdminApps, func() (page.AdminConfirm, error) {
		p := aboutApp(page.ActEndApp, c)
		var err error
		p.Told, err = h.toldOf(v.r.Context(), []string{c.ID}, h.Clock.Now())
		return p, err
	})
	if err != nil || !sure {
		return err
	}
	err = h.Door.EndClient(v.r.Context(), h.Store, c.ID, logout.Cause{Status: storage.StatusRevoked, Reason: logout.ClientEnded, By: v.by()})
	if err != nil {
		return err
	}
	return v.done(appURL(c.ID), page.SessionsEnded)
}

func (h *Handlers) deleteApp(v *visit) error {
	_, c, err := h.application(v)
	if err != nil {
		return err
	}
	sure, err := v.confirmed(page.PathAdminApps, func() (page.AdminConfirm, error) { return aboutApp(page.ActDeleteApp, c), nil })
	if err != nil || !sure {
		return err
	}
	ctx := v.r.Context()
	if err := h.Store.Tx(ctx, func(tx *storage.Store) error { return api.DeleteApplication(ctx, tx, h.Door, h.Clock.Now(), c, v.by()) }); err != nil {
		return err
	}
	return v.done(page.PathAdminApps, page.AppDeleted)
}

func aboutApp(act page.Act, c *client.Client) page.AdminConfirm {
	return page.AdminConfirm{Act: act, Object: c.Name(), CancelURL: appURL(c.ID)}
}
