package op

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// refresh answers the refresh_token grant (RFC 6749 6) in one round trip to the database: every live session takes this
// path every minute.
func (p *Provider) refresh(w http.ResponseWriter, r *http.Request, form *httpx.Params) {
	answer, err := p.answerRefresh(r, form)
	if err != nil {
		writeError(r.Context(), w, err)
		return
	}
	w.Header()["Content-Type"] = jsonType
	_, _ = w.Write(answer)
}

var jsonType = []string{"application/json"}

func (p *Provider) answerRefresh(r *http.Request, form *httpx.Params) ([]byte, error) {
	ctx := r.Context()
	presented := form.Get("refresh_token")
	cred, err := credentials(r, form)
	if err != nil {
		return nil, err
	}
	c, err := p.recent(ctx, cred)
	if err != nil {
		return nil, err
	}
	if presented == "" {
		return nil, invalidRequest("refresh_token is missing")
	}
	if !c.Allows(client.GrantRefresh) {
		return nil, errRefreshNotAllowed()
	}
	if err := p.checkScope(ctx, c, presented, form.Get("scope")); err != nil {
		return nil, err
	}
	g, next, err := p.Tokens.Use(ctx, presented, c.ID, c.Rotates())
	switch {
	case errors.Is(err, token.ErrReused):
		// One of two has a copy, so neither gets more (RFC 9700 4.14.2).
		if err := p.revokeFamily(ctx, g, audit.FamilyReused, logout.System,
			logout.Cause{Status: storage.StatusRevoked, Reason: logout.RefreshReused, By: logout.System}); err != nil {
			return nil, err
		}
		return nil, errInvalidGrant()
	case errors.Is(err, token.ErrForged):
		return nil, errInvalidGrant()
	case errors.Is(err, token.ErrRefused):
		return nil, p.refusedOrUnknown(ctx, cred)
	case err != nil:
		return nil, err
	}
	if g.ClientVersion != c.Version { // what was remembered of the client is out of date: everything again
		if c, err = p.authenticate(ctx, cred); err != nil {
			return nil, err
		}
		if !c.Allows(client.GrantRefresh) {
			return nil, errRefreshNotAllowed()
		}
	}
	if err := p.holdToLifetime(ctx, c, g); err != nil {
		return nil, err
	}
	if g.Scope, err = narrow(g.Scope, form.Get("scope")); err != nil {
		return nil, err
	}
	p.used(c, g)
	return p.issueNext(ctx, c, g, next)
}

// checkScope looks at a narrower scope before a rotation: a refused request must not move the family. Clients hardly ever
// send one, so it costs hardly ever a query.
func (p *Provider) checkScope(ctx context.Context, c *client.Client, presented, asked string) error {
	if asked == "" || !c.Rotates() {
		return nil
	}
	userID, familyID, _, err := p.Tokens.ParseRefresh(presented)
	if err != nil {
		return nil // what is wrong with the token is for Use to say
	}
	g, err := p.Store.Grant(ctx, userID, familyID, p.Clock.Now())
	if errors.Is(err, storage.ErrNotFound) || err == nil && (!g.Live || g.ClientID != c.ID) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = narrow(g.Scope, asked)
	return err
}

func errRefreshNotAllowed() error {
	return oidc.ErrUnauthorizedClient().WithDescription("the client may not use refresh_token")
}

// refusedOrUnknown: a client that has been deleted took its families along, but was remembered. Then it is the client that
// is not good (RFC 6749 5.2).
func (p *Provider) refusedOrUnknown(ctx context.Context, cred client.Credentials) error {
	if cred.Method != client.AuthKey { // that was authenticated a moment ago
		if _, err := p.authenticate(ctx, cred); err != nil {
			return err
		}
	}
	return errInvalidGrant()
}

// recent authenticates against what is remembered of the client. That may be out of date: a failure is looked at again,
// and success is confirmed by the version that the one statement returns. That would come too late where the statement
// rotates: an old secret must not move the family.
func (p *Provider) recent(ctx context.Context, cred client.Credentials) (*client.Client, error) {
	if cred.Method == client.AuthKey { // an assertion is good once
		return p.authenticate(ctx, cred)
	}
	c, err := p.Clients.Recent(ctx, cred.ClientID)
	if err == nil {
		err = p.Clients.Authenticate(ctx, c, cred, nil)
	}
	if err != nil || c.Rotates() && !c.Public() {
		return p.authenticate(ctx, cred)
	}
	return c, nil
}

// issueNext writes the answer of RFC 6749 5.1 by hand: all of its parts are our own text.
func (p *Provider) issueNext(ctx context.Context, c *client.Client, g *storage.Grant, next string) ([]byte, error) {
	templated, err := p.templated(ctx, c, g)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 2048)
	b = append(b, `{"access_token":"`...)
	start := len(b)
	b, err = p.Tokens.Access(b, g, templated.JSON)
	if err != nil {
		return nil, err
	}
	end := len(b)
	if !c.NoIDTokenOnRefresh && slices.Contains(strings.Fields(g.Scope), "openid") {
		claims, err := p.idTokenClaims(ctx, g, templated)
		if err != nil {
			return nil, err
		}
		if err := p.prepareKey(ctx, c.SigningAlg()); err != nil {
			return nil, err
		}
		b = append(b, `","id_token":"`...)
		// Core 12.2: no nonce, the auth_time of the original authentication.
		if b, err = p.Tokens.ID(b, g, token.IDToken{AccessToken: b[start:end], Alg: c.SigningAlg(), Claims: claims}); err != nil {
			return nil, err
		}
	}
	b = append(b, `","refresh_token":"`...)
	b = append(b, next...)
	b = append(b, `","token_type":"Bearer","expires_in":`...)
	b = strconv.AppendInt(b, p.Tokens.LeftOf(g), 10)
	b = append(b, `,"scope":"`...)
	b = append(b, g.Scope...) // scope tokens need no escaping (RFC 6749 3.3)
	return append(b, `"}`...), nil
}

// narrow returns the scope asked for within what was granted (RFC 6749 6).
func narrow(granted, asked string) (string, error) {
	if asked == "" {
		return granted, nil
	}
	have := strings.Fields(granted)
	var out []string
	for _, s := range strings.Fields(asked) {
		if !slices.Contains(have, s) {
			return "", oidc.ErrInvalidScope().WithDescription("more than was granted")
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, " "), nil
}
