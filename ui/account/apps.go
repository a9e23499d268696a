package account

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) showApps(v *visit) error {
	ctx := v.r.Context()
	rows, err := h.Store.Consents(ctx, v.userID())
	if err != nil {
		return err
	}
	p := page.AccountApps{Frame: v.frame()}
	for _, row := range rows {
		c, err := h.Clients.Get(ctx, row.ClientID)
		if errors.Is(err, client.ErrUnknown) { // deleted a moment ago
			continue
		}
		if err != nil {
			return err
		}
		lasting, err := h.Store.OfflineSessions(ctx, v.userID(), row.ClientID)
		if err != nil {
			return err
		}
		p.Apps = append(p.Apps, page.ConnectedApp{Client: shown(c), Scopes: scopes(row.Scope), Since: row.GrantedAt.Time,
			Offline: len(lasting) > 0, WithdrawAction: page.PathApps + "/" + url.PathEscape(row.ClientID) + "/withdraw"})
	}
	slices.SortFunc(p.Apps, func(a, b page.ConnectedApp) int {
		return strings.Compare(strings.ToLower(a.Client.Name), strings.ToLower(b.Client.Name))
	})
	return v.show(p, nil)
}

func shown(c *client.Client) page.Client {
	return page.Client{Name: c.Name(), LogoURL: c.LogoURI, URI: c.ClientURI, PolicyURL: c.PolicyURI, TermsURL: c.TOSURI}
}

// scopes puts those with words of their own first.
func scopes(scope string) (list []page.Scope) {
	all, standard := strings.Fields(scope), page.StandardScopes()
	for _, name := range standard {
		if slices.Contains(all, name) {
			list = append(list, page.Scope{Name: name})
		}
	}
	for _, name := range all {
		if !slices.Contains(standard, name) {
			list = append(list, page.Scope{Name: name})
		}
	}
	return list
}

// withdraw takes back what an app was allowed. Doing it twice is no error.
func (h *Handlers) withdraw(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	clientID := v.r.PathValue("client")
	_, err := h.Clients.Get(v.r.Context(), clientID) // with a client its consents go, so there is none without it
	if errors.Is(err, client.ErrUnknown) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	err = h.Consents.Withdraw(v.r.Context(), v.userID(), clientID, v.userID())
	if errors.Is(err, storage.ErrNotFound) {
		return v.goTo(page.PathApps)
	}
	if err != nil {
		return err
	}
	return h.done(v, page.PathApps, page.AppWithdrawn, clientID)
}
