package admin

import (
	"slices"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) listApps(v *visit) error {
	p := page.AdminApps{Console: v.console(page.PathAdminApps)}
	if v.may(ApplicationsWrite) {
		p.NewURL = pathNewApp
	}
	rows, err := h.Store.Clients(v.r.Context(), v.query("after"), rowsShown+1)
	if err != nil {
		return err
	}
	if len(rows) > rowsShown {
		rows = rows[:rowsShown]
		p.Pager.NextURL = v.next(rows[rowsShown-1].ID)
	}
	p.Pager.FirstURL = v.first()
	for _, row := range rows {
		c, err := api.ShowApplication(row)
		if err != nil {
			return err
		}
		p.Apps = append(p.Apps, page.AppRow{URL: appURL(row.ID), ID: row.ID, Name: orID(c.ClientName, row.ID),
			Kind: kindOf(c.ApplicationType, c.TokenEndpointAuthMethod, c.GrantTypes), Backchannel: c.BackchannelLogoutURI != "",
			Frontchannel: c.FrontchannelLogoutURI != "", UpdatedAt: row.UpdatedAt.Time})
	}
	return v.show(p, nil)
}

func orID(name, clientID string) string {
	if name == "" {
		return clientID
	}
	return name
}

// kindOf is what people would call an application that registered so.
func kindOf(applicationType, auth string, grants []string) string {
	switch {
	case applicationType == "native":
		return "native"
	case auth == client.AuthNone:
		return "browser"
	case len(grants) > 0 && !slices.Contains(grants, client.GrantCode):
		return "service"
	}
	return "web"
}

// application returns the row of the application that the path names.
func (h *Handlers) application(v *visit) (*storage.Client, *client.Client, error) {
	row, err := h.Store.Client(v.r.Context(), v.r.PathValue("app"))
	if err != nil {
		return nil, nil, err
	}
	c, err := h.Clients.Get(v.r.Context(), row.ID)
	return row, c, err
}

func (h *Handlers) seeApp(v *visit) error {
	row, c, err := h.application(v)
	if err != nil {
		return err
	}
	return h.showApp(v, row, c, "", v.query("stack"))
}

// showNew shows an application that was registered a moment ago, with the program of the stack that was chosen.
func (h *Handlers) showNew(v *visit, row *storage.Client, c *client.Client, secret, stack string) error {
	p, err := h.appPage(v, row, c, secret, stack)
	if err != nil {
		return err
	}
	p.New = true
	return v.show(p, nil)
}

// showApp shows an application, with the secret where it has just been made.
func (h *Handlers) showApp(v *visit, row *storage.Client, c *client.Client, secret, stack string) error {
	p, err := h.appPage(v, row, c, secret, stack)
	if err != nil {
		return err
	}
	for _, add := range []func(*visit, *client.Client, *page.AdminApp) error{h.addUse, h.addHealth, h.addTemplate} {
		if err := add(v, c, &p); err != nil {
			return err
		}
	}
	return v.show(p, nil)
}

func (h *Handlers) appPage(v *visit, row *storage.Client, c *client.Client, secret, stack string) (page.AdminApp, error) {
	at := appURL(c.ID)
	p := page.AdminApp{Console: v.console(page.PathAdminApps), ID: c.ID, Name: c.Name(), Kind: kindOf(c.ApplicationType, c.TokenEndpointAuthMethod, c.GrantTypes),
		Secret: secret, Redirects: c.RedirectURIs, PostRedirects: c.PostLogoutRedirectURIs, Grants: c.GrantTypes,
		Backchannel: c.BackchannelLogoutURI, Frontchannel: c.FrontchannelLogoutURI, Scope: c.Scope, Auth: c.TokenEndpointAuthMethod,
		SkipConsent: c.SkipConsent, CreatedAt: row.CreatedAt.Time, UpdatedAt: row.UpdatedAt.Time}
	if v.may(ApplicationsWrite) {
		p.EditURL, p.EndAction, p.DeleteAction = at+"/edit", at+"/end", at+"/delete"
		if c.TokenEndpointAuthMethod == client.AuthBasic || c.TokenEndpointAuthMethod == client.AuthPost {
			p.SecretAction = at + "/secret"
		}
	}
	stacks := stacksOf(c)
	if p.Stack = stack; !slices.Contains(stacks, stack) {
		p.Stack = stacks[0]
	}
	for _, s := range stacks {
		p.Stacks = append(p.Stacks, page.Stack{Name: s, URL: at + "?stack=" + s, Current: s == p.Stack})
	}
	var err error
	p.Program, err = h.snippet(p.Stack, c, secret)
	return p, err
}
