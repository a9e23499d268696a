package op

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/op/claims"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// claimsRequest is the claims parameter (OpenID Connect Core 5.5). A member that is null asks for a claim without more.
type claimsRequest struct {
	Userinfo map[string]*claimRequest `json:"userinfo,omitempty"`
	IDToken  map[string]*claimRequest `json:"id_token,omitempty"`
}

type claimRequest struct {
	Essential bool  `json:"essential,omitempty"`
	Value     any   `json:"value,omitempty"`
	Values    []any `json:"values,omitempty"`
}

// maxClaims bounds what is kept of the parameter, in bytes.
const maxClaims = 4 << 10

func parseClaims(text string) (*claimsRequest, error) {
	if len(text) > maxClaims {
		return nil, invalidRequest("claims is too large")
	}
	c := new(claimsRequest)
	if err := json.Unmarshal([]byte(text), c); err != nil {
		return nil, invalidRequest("claims is not the JSON of OpenID Connect Core 5.5")
	}
	return c, nil
}

// allowed leaves out what the client may not ask for as a scope either, and returns the scopes that the rest belongs to: what
// is asked for by name needs the same registration and the same consent.
func (c *claimsRequest) allowed(cl *client.Client) (scope string) {
	var scopes []string
	for _, m := range []map[string]*claimRequest{c.IDToken, c.Userinfo} {
		for name := range m {
			s := user.ScopeOf(name)
			switch {
			case s == "":
			case cl.MayScope(s) == "":
				delete(m, name)
			case !slices.Contains(scopes, s):
				scopes = append(scopes, s)
			}
		}
	}
	slices.Sort(scopes)
	return strings.Join(scopes, " ")
}

// subject is the user that the request insists on, empty for none.
func (c *claimsRequest) subject() string {
	for _, m := range []map[string]*claimRequest{c.IDToken, c.Userinfo} {
		if r := m["sub"]; r != nil {
			if s, ok := r.Value.(string); ok {
				return s
			}
		}
	}
	return ""
}

// acr is what the request wants of the authentication (Core 5.5.1.1).
func (c *claimsRequest) acr() (values []string, essential bool) {
	r := c.IDToken["acr"]
	if r == nil {
		return nil, false
	}
	for _, v := range append(r.Values, r.Value) {
		if s, ok := v.(string); ok {
			values = append(values, s)
		}
	}
	return values, r.Essential
}

// templated returns what the claim templates put into the tokens of a grant.
func (p *Provider) templated(ctx context.Context, c *client.Client, g *storage.Grant) (claims.Members, error) {
	m, err := p.Tokens.Templates().Members(ctx, g, c.Name())
	if errors.Is(err, storage.ErrNotFound) { // the user was deleted in this very moment
		err = errInvalidGrant()
	}
	return m, err
}

// idTokenClaims returns what stands in an ID token beside what stands there anyway, as the members of a JSON object: what
// the templates put into every token, and what the claims parameter wants; that is nearly always nothing, which costs no
// query. Where both have a claim, it is the administrator's.
func (p *Provider) idTokenClaims(ctx context.Context, g *storage.Grant, templated claims.Members) ([]byte, error) {
	if g.Claims == "" {
		return templated.JSON, nil
	}
	c, err := parseClaims(g.Claims)
	if err != nil || len(c.IDToken) == 0 {
		return templated.JSON, err
	}
	person, err := p.Users.Person(ctx, g.UserID)
	if err != nil {
		return nil, err
	}
	asked := person.Claims("", slices.Collect(maps.Keys(c.IDToken)))
	for _, name := range templated.Names {
		delete(asked, name)
	}
	if len(asked) == 0 {
		return templated.JSON, nil
	}
	b, err := json.Marshal(asked)
	if err != nil {
		return nil, err
	}
	b = b[1 : len(b)-1]
	if len(templated.JSON) > 0 {
		b = append(append(b, ','), templated.JSON...)
	}
	return b, nil
}
