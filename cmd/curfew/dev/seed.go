package dev

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/rp/demo"
	"github.com/curfew-id/curfew/storage"
)

// seed makes sure that the accounts and clients of known exist and that it knows their secrets. What is there already is
// kept; only the demo's addresses follow the port it listens on.
func seed(ctx context.Context, s *server.Server, known *Info) error {
	for _, u := range []UserInfo{{Email: "user@example.com"}, {Email: "admin@example.com", Admin: true}} {
		u.Password, u.TOTPSecret = known.User(u.Email).Password, known.User(u.Email).TOTPSecret
		if err := seedUser(ctx, s, &u); err != nil {
			return fmt.Errorf("seed %s: %w", u.Email, err)
		}
		known.putUser(u)
	}
	for _, c := range []struct {
		id   string
		meta client.Metadata
	}{
		{"demo", client.Metadata{ClientName: "Demo", ClientURI: known.DemoURL, Scope: "openid profile email offline_access " + op.ScopeListen,
			GrantTypes:                        []string{client.GrantCode, client.GrantRefresh, client.GrantClientCredentials},
			RedirectURIs:                      []string{demo.RedirectURI(known.DemoURL)},
			PostLogoutRedirectURIs:            []string{demo.PostLogoutRedirectURI(known.DemoURL)},
			BackchannelLogoutURI:              demo.BackChannelLogoutURI(known.DemoURL),
			BackchannelLogoutSessionRequired:  true,
			FrontchannelLogoutURI:             demo.FrontChannelLogoutURI(known.DemoURL),
			FrontchannelLogoutSessionRequired: true}},
		{"demo-spa", client.Metadata{ClientName: "Demo in the browser", ClientURI: known.DemoURL, Scope: "openid profile email",
			TokenEndpointAuthMethod: client.AuthNone,
			RedirectURIs:            []string{demo.SPARedirectURI(known.DemoURL)},
			PostLogoutRedirectURIs:  []string{demo.SPARedirectURI(known.DemoURL)}}},
		{"demo-service", client.Metadata{ClientName: "Demo service", Scope: strings.Join(api.Scopes, " "),
			GrantTypes: []string{client.GrantClientCredentials}}},
	} {
		plain, err := seedClient(ctx, s, c.id, c.meta, known.Client(c.id).ClientSecret)
		if err != nil {
			return fmt.Errorf("seed client %s: %w", c.id, err)
		}
		known.putClient(ClientInfo{ClientID: c.id, ClientSecret: plain, RedirectURIs: orEmpty(c.meta.RedirectURIs),
			PostLogoutRedirectURIs: orEmpty(c.meta.PostLogoutRedirectURIs)})
	}
	return nil
}

func seedUser(ctx context.Context, s *server.Server, u *UserInfo) error {
	row, err := s.Users.ByEmail(ctx, u.Email)
	if errors.Is(err, storage.ErrNotFound) {
		role := ""
		if u.Admin {
			role = actor.RoleOwner // or a newcomer would find doors shut
		}
		row, err = s.Users.Create(ctx, s.Store, user.NewUser{Email: u.Email, Role: role, Kind: audit.UserCreated, By: "dev"})
		u.Password, u.TOTPSecret = "", ""
	}
	if err != nil {
		return err
	}
	lost := u.Password == "" // with dev.json, or it never was
	if lost {
		u.Password = secret.New(12)
		err = s.Factors.SetPassword(ctx, row.ID, u.Password)
	}
	if err != nil || !u.Admin || u.TOTPSecret != "" {
		return err
	}
	u.TOTPSecret, err = seedAuthenticator(ctx, s, row.ID, u.Email, lost)
	return err
}

func seedClient(ctx context.Context, s *server.Server, clientID string, m client.Metadata, plain string) (string, error) {
	c, err := s.Clients.Get(ctx, clientID)
	if errors.Is(err, client.ErrUnknown) {
		_, plain, err = s.Clients.Register(ctx, s.Store, clientID, m)
		return plain, err
	}
	if err != nil {
		return "", err
	}
	changed := c.Metadata
	changed.RedirectURIs, changed.PostLogoutRedirectURIs, changed.ClientURI = m.RedirectURIs, m.PostLogoutRedirectURIs, m.ClientURI
	changed.Scope = m.Scope
	if m.GrantTypes != nil {
		changed.GrantTypes = m.GrantTypes
	}
	changed.BackchannelLogoutURI, changed.FrontchannelLogoutURI = m.BackchannelLogoutURI, m.FrontchannelLogoutURI
	changed.BackchannelLogoutSessionRequired = m.BackchannelLogoutSessionRequired
	changed.FrontchannelLogoutSessionRequired = m.FrontchannelLogoutSessionRequired
	if c, err = s.Clients.Update(ctx, s.Store, c, changed); err != nil {
		return "", err
	}
	if plain == "" && !c.Public() { // dev.json was lost
		_, plain, err = s.Clients.RotateSecret(ctx, s.Store, c)
	}
	return plain, err
}

func (i *Info) putUser(u UserInfo) {
	for n := range i.Users {
		if i.Users[n].Email == u.Email {
			i.Users[n] = u
			return
		}
	}
	i.Users = append(i.Users, u)
}

func (i *Info) putClient(c ClientInfo) {
	for n := range i.Clients {
		if i.Clients[n].ClientID == c.ClientID {
			i.Clients[n] = c
			return
		}
	}
	i.Clients = append(i.Clients, c)
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
