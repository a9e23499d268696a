package op

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

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

// idTokenClaims returns what the claims parameter wants in the ID token beside what stands there anyway, as the members
// of a JSON object; nearly always nothing, which costs no query.
func (p *Provider) idTokenClaims(ctx context.Context, g *storage.Grant) ([]byte, error) {
	if g.Claims == "" {
		return nil, nil
	}
	c, err := parseClaims(g.Claims)
	if err != nil || len(c.IDToken) == 0 {
		return nil, err
	}
	person, err := p.Users.Person(ctx, g.UserID)
	if err != nil {
		return nil, err
	}
	claims := person.Claims("", slices.Collect(maps.Keys(c.IDToken)))
	if len(claims) == 0 {
		return nil, nil
	}
	b, err := json.Marshal(claims)
	if err != nil {
		return nil, err
	}
	return b[1 : len(b)-1], nil
}
