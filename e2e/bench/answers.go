package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/go-jose/go-jose/v4"
)

// sample is how often an answer's signatures are verified: once in so many.
const sample = 256

// refreshing walks each connection through its share of the sessions, presenting to each what its last answer gave.
type refreshing struct {
	client      login
	chains      []*chain
	connections int
	rotates     bool
	keys        *jose.JSONWebKeySet
}

// of returns the chain of a connection's nth request. No two connections share one.
func (x *refreshing) of(connection, n int) *chain {
	share := len(x.chains) / x.connections
	return x.chains[connection*share+n%share]
}

func (x *refreshing) request(connection, n int) []byte {
	form := "grant_type=refresh_token&refresh_token=" + x.of(connection, n).Refresh
	if x.client.Secret == "" {
		return post("/oauth/token", "", form+"&client_id="+x.client.ID)
	}
	return post("/oauth/token", basic(x.client), form)
}

// answer is RFC 6749 5.1 with the ID token of OpenID Connect Core 12.2.
type answer struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
	Expires int    `json:"expires_in"`
}

func (x *refreshing) answered(connection, n, status int, body []byte) error {
	c := x.of(connection, n)
	a, err := read(status, body)
	if err != nil {
		return err
	}
	if a.ID == "" || a.Refresh == "" {
		return fmt.Errorf("a token is missing: %s", body)
	}
	if rotated := a.Refresh != c.Refresh; rotated != x.rotates {
		return fmt.Errorf("the refresh token was replaced: %v, and should have been: %v", rotated, x.rotates)
	}
	c.Refresh = a.Refresh
	if n%sample > 0 {
		return nil
	}
	for name, text := range map[string]string{"access": a.Access, "id": a.ID} {
		claims, err := verify(text, x.keys)
		if err != nil {
			return fmt.Errorf("%s token: %w", name, err)
		}
		if claims.Subject != c.UserID || claims.SessionID != c.SessionID {
			return fmt.Errorf("%s token of somebody else: %+v", name, claims)
		}
		if sum := sha256.Sum256([]byte(a.Access)); name == "id" && claims.AccessHash != base64.RawURLEncoding.EncodeToString(sum[:16]) {
			return errors.New("the ID token belongs to another access token")
		}
	}
	return nil
}

// asking asks for tokens on a client's own behalf.
type asking struct {
	client login
	keys   *jose.JSONWebKeySet
}

func (x *asking) request(_, _ int) []byte {
	return post("/oauth/token", basic(x.client), "grant_type=client_credentials")
}

func (x *asking) answered(_, n, status int, body []byte) error {
	a, err := read(status, body)
	if err != nil || n%sample > 0 {
		return err
	}
	claims, err := verify(a.Access, x.keys)
	if err == nil && claims.Subject != x.client.ID {
		return fmt.Errorf("access token of somebody else: %+v", claims)
	}
	return err
}

func basic(c login) string {
	pair := url.QueryEscape(c.ID) + ":" + url.QueryEscape(c.Secret)
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) + "\r\n"
}

func read(status int, body []byte) (a answer, err error) {
	if status != http.StatusOK {
		return a, fmt.Errorf("status %d: %s", status, body)
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return a, fmt.Errorf("%w in %s", err, body)
	}
	if a.Access == "" || a.Expires < 50 || a.Expires > 60 {
		return a, fmt.Errorf("no access token for a minute: %s", body)
	}
	return a, nil
}

type claims struct {
	Subject    string `json:"sub"`
	SessionID  string `json:"sid"`
	IssuedAt   int64  `json:"iat"`
	ExpiresAt  int64  `json:"exp"`
	AccessHash string `json:"at_hash"`
}

// verify checks a token's signature and how long it lives.
func verify(text string, keys *jose.JSONWebKeySet) (c claims, err error) {
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return c, err
	}
	payload, err := jws.Verify(keys)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, err
	}
	if c.ExpiresAt-c.IssuedAt != 60 {
		return c, fmt.Errorf("it lives %d s", c.ExpiresAt-c.IssuedAt)
	}
	return c, nil
}

// publishedKeys fetches the server's JWKS.
func publishedKeys(ctx context.Context, addr string) (*jose.JSONWebKeySet, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/.well-known/jwks.json", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	keys := new(jose.JSONWebKeySet)
	return keys, json.NewDecoder(res.Body).Decode(keys)
}
