package op

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/storage"
)

// userinfo is the UserInfo endpoint (OpenID Connect Core 5.3). The token dies here with its session, not by expiry.
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	httpx.NoStore(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	bearer, err := bearerToken(r)
	if err != nil {
		challengeBearer(w, http.StatusBadRequest, "invalid_request")
		return
	}
	if bearer == "" { // RFC 6750 3.1: no error code for a request without a token
		challengeBearer(w, http.StatusUnauthorized, "")
		return
	}
	_, g, err := p.Tokens.ReadAccess(r.Context(), bearer)
	if errors.Is(err, key.ErrInvalid) || err == nil && g == nil {
		challengeBearer(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	if err != nil {
		writeError(r.Context(), w, err)
		return
	}
	if !slices.Contains(strings.Fields(g.Scope), "openid") {
		challengeBearer(w, http.StatusForbidden, "insufficient_scope")
		return
	}
	claims, err := p.userClaims(r, g)
	if errors.Is(err, storage.ErrNotFound) { // deleted in this very moment
		challengeBearer(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	if err != nil {
		writeError(r.Context(), w, err)
		return
	}
	writeJSON(w, http.StatusOK, claims)
}

func (p *Provider) userClaims(r *http.Request, g *storage.Grant) (map[string]any, error) {
	person, err := p.Users.Person(r.Context(), g.UserID)
	if err != nil {
		return nil, err
	}
	var names []string
	if g.Claims != "" {
		c, err := parseClaims(g.Claims)
		if err != nil {
			return nil, err
		}
		names = slices.Collect(maps.Keys(c.Userinfo))
	}
	claims := person.Claims(g.Scope, names)
	claims["sub"] = g.UserID
	if act := p.Tokens.Actor(g.ActorSub, g.ActorSessionID); act != nil {
		claims["act"] = act
	}
	return claims, nil
}

// bearerToken reads the token from the header or from a form (RFC 6750 2.1, 2.2), never from the query.
func bearerToken(r *http.Request) (string, error) {
	header := r.Header.Values("Authorization")
	if len(header) > 1 {
		return "", &httpx.BadRequest{Status: http.StatusBadRequest, Text: "more than one Authorization header"}
	}
	found := ""
	if len(header) == 1 {
		scheme, rest, _ := strings.Cut(header[0], " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return "", nil
		}
		found = rest
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if r.URL.Query().Has("access_token") {
			return "", &httpx.BadRequest{Status: http.StatusBadRequest, Text: "no token in the query"}
		}
	case http.MethodPost:
		if r.ContentLength == 0 {
			break
		}
		form, err := httpx.ReadForm(r)
		if err != nil {
			return "", err
		}
		if t := form.Get("access_token"); t != "" {
			if found != "" { // RFC 6750 2: one way only
				return "", &httpx.BadRequest{Status: http.StatusBadRequest, Text: "the token was sent twice"}
			}
			found = t
		}
	}
	return found, nil
}

func challengeBearer(w http.ResponseWriter, status int, code string) {
	challenge := `Bearer realm="curfew"`
	if code != "" {
		challenge += `, error="` + code + `"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	w.WriteHeader(status)
}
