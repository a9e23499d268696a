package admin

import (
	"slices"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

const (
	pathNewAPIKey = page.PathAdmin + "/new-api-key"
	pathAPIKey    = page.PathAdminAPIKeys + "/{apikey}"
)

// apiKeyStates narrow the list, by the names that the form has for them. A revoked key is no more than that, whenever its time
// would have been over.
var apiKeyStates = map[string]storage.APIKeyFilter{"": {}, "good": {Revoked: new(false), Expired: new(false)},
	"expired": {Revoked: new(false), Expired: new(true)}, "revoked": {Revoked: new(true)}}

func (h *Handlers) listAPIKeys(v *visit) error {
	p := page.AdminAPIKeys{Console: v.console(page.PathAdminAPIKeys), State: v.query("state")}
	f, ok := apiKeyStates[p.State]
	if !ok {
		p.State = ""
	}
	f.Now, f.Newest, f.Limit = p.Now, true, rowsShown+1
	if after := v.query("after"); after != "" {
		if _, err := id.Bytes(id.APIKey, after); err != nil {
			return errNotFound
		}
		f.After = after
	}
	rows, err := h.Store.APIKeys(v.r.Context(), f)
	if err != nil {
		return err
	}
	p.Pager.FirstURL = v.first()
	if len(rows) > rowsShown {
		rows = rows[:rowsShown]
		p.Pager.NextURL = v.next(rows[rowsShown-1].ID)
	}
	if v.may(APIKeysWrite) {
		p.NewURL = pathNewAPIKey
	}
	p.Rows, err = h.apiKeyRows(v, rows, p.Now)
	if err != nil {
		return err
	}
	return v.show(p, nil)
}

func (h *Handlers) apiKeyRows(v *visit, keys []*storage.APIKey, now time.Time) (rows []page.APIKeyRow, err error) {
	var by []string
	for _, k := range keys {
		by = append(by, k.CreatedBy, k.RevokedBy)
	}
	n, err := h.namesOf(v, by)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		row := page.APIKeyRow{ID: k.ID, Name: k.Name, Hint: k.Hint, Scopes: strings.Fields(k.Scope), CreatedAt: k.CreatedAt.Time,
			LastUsedAt: k.LastUsedAt.Time, ExpiresAt: k.ExpiresAt.Time, Expired: !apikey.Good(k, now) && !k.RevokedAt.Set(), RevokedAt: k.RevokedAt.Time}
		if row.Maker, err = n.who(k.CreatedBy); err != nil {
			return nil, err
		}
		if row.RevokedBy, err = n.who(k.RevokedBy); err != nil {
			return nil, err
		}
		if v.may(APIKeysWrite) && !row.Revoked() && !row.Expired {
			row.RevokeAction = page.PathAdminAPIKeys + "/" + k.ID + "/revoke"
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// namesOf are the names of whoever did something, of which some are users.
func (h *Handlers) namesOf(v *visit, by []string) (n *eventNames, err error) {
	n = &eventNames{h: h, v: v, apps: map[string]page.Ref{}}
	users := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(by))), func(s string) bool {
		_, err := id.Bytes(id.User, s)
		return err != nil
	})
	if n.emails, err = h.emailsOf(v.r.Context(), users); err != nil {
		return nil, err
	}
	n.people, err = h.Store.UsersOf(v.r.Context(), users)
	return n, err
}

// revokeAPIKey ends a key. Whoever may make keys may end everybody's: one that has leaked waits for nobody.
func (h *Handlers) revokeAPIKey(v *visit) error {
	ctx := v.r.Context()
	k, err := h.APIKeys.Lookup(ctx, h.Store, v.r.PathValue("apikey"))
	if err != nil {
		return err
	}
	if k.RevokedAt.Set() { // revoked meanwhile, or the second of two clicks
		return v.goTo(page.PathAdminAPIKeys)
	}
	sure, err := v.confirmed(page.PathAdminAPIKeys, func() (page.AdminConfirm, error) {
		return page.AdminConfirm{Act: page.ActAPIKey, Object: k.Name, CancelURL: page.PathAdminAPIKeys}, nil
	})
	if err != nil || !sure {
		return err
	}
	if _, err := h.APIKeys.End(ctx, h.Store, k.ID, v.by()); err != nil {
		return err
	}
	return v.done(page.PathAdminAPIKeys, page.APIKeyRevoked)
}
