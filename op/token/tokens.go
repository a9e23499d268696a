package token

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/claims"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/storage"
)

// Tokens issues and reads tokens of one issuer.
type Tokens struct {
	issuer     string
	issuerJSON []byte
	ring       *key.Ring
	store      *storage.Store
	clock      clock.Clock
	refreshKey []byte
	templates  *claims.Templates
}

// New returns the Tokens of an issuer. master is the key-encryption key, which the key for refresh tokens is derived from.
func New(issuer string, ring *key.Ring, store *storage.Store, clk clock.Clock, master []byte) *Tokens {
	return &Tokens{issuer: issuer, issuerJSON: appendString(nil, issuer), ring: ring, store: store, clock: clk,
		refreshKey: secret.Derive(master, "refresh tokens"), templates: claims.NewTemplates(issuer, store)}
}

// Templates are the claim templates that join what tokens say.
func (t *Tokens) Templates() *claims.Templates { return t.templates }

// Access appends an access token for the client of the grant: a JWT by RFC 9068 with the session's id. Its audience is
// curfew itself (userinfo, management) and the client, whose own back end is the usual resource server. members are what
// templates add (claims.Members.JSON).
func (t *Tokens) Access(dst []byte, g *storage.Grant, members []byte) ([]byte, error) {
	b := make([]byte, 0, 512+len(members))
	b = append(b, `{"iss":`...)
	b = append(b, t.issuerJSON...)
	b = appendMember(b, "sub", g.UserID)
	b = append(b, `,"aud":[`...)
	b = append(b, t.issuerJSON...)
	b = append(b, ',')
	b = appendString(b, g.ClientID)
	b = append(b, ']')
	b = appendMember(b, "client_id", g.ClientID)
	b = appendMember(b, "jti", newJTI(g.FamilyID))
	b = appendMember(b, "sid", g.SessionID)
	b = appendMember(b, "scope", g.Scope)
	b = append(b, `,"auth_time":`...)
	b = appendInt(b, g.AuthenticatedAt.Unix())
	b = appendMember(b, "acr", g.ACR)
	b = appendWords(b, "amr", g.AMR)
	b = appendMembers(b, members)
	b = t.appendActor(b, g.ActorSub, g.ActorSessionID)
	signer, err := t.ring.Signer("ES256")
	if err != nil {
		return nil, err
	}
	return t.sign(dst, signer, key.TypAccess, b, g.At, g.Until)
}

// newJTI names the family that a token belongs to and makes it unique.
func newJTI(familyID string) string { return familyID + "." + secret.New(12) }

// IDToken is what an ID token says beyond its grant.
type IDToken struct {
	Nonce       string
	AccessToken []byte
	// SessionID is the browser session where that is not the grant's own (offline access), otherwise empty.
	SessionID string
	// Alg is the client's id_token_signed_response_alg.
	Alg string
	// Claims are further claims, as the members of a JSON object: `"email":"..."`; empty for none.
	Claims []byte
}

// ID appends an ID token (OpenID Connect Core 2).
func (t *Tokens) ID(dst []byte, g *storage.Grant, x IDToken) ([]byte, error) {
	signer, err := t.ring.Signer(x.Alg)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 512)
	b = append(b, `{"iss":`...)
	b = append(b, t.issuerJSON...)
	b = appendMember(b, "sub", g.UserID)
	b = appendMember(b, "aud", g.ClientID)
	b = appendMember(b, "azp", g.ClientID)
	sid := x.SessionID
	if sid == "" {
		sid = g.SessionID
	}
	b = appendMember(b, "sid", sid)
	b = appendMember(b, "nonce", x.Nonce)
	b = append(b, `,"auth_time":`...)
	b = appendInt(b, g.AuthenticatedAt.Unix())
	b = appendMember(b, "acr", g.ACR)
	b = appendWords(b, "amr", g.AMR)
	// Core 3.1.3.6: the left half of the hash that the signing algorithm uses, SHA-256 for all but EdDSA here.
	b = appendMember(b, "at_hash", halfHash(x.AccessToken, x.Alg))
	b = appendMembers(b, x.Claims)
	b = t.appendActor(b, g.ActorSub, g.ActorSessionID)
	return t.sign(dst, signer, key.TypID, b, g.At, g.Until)
}

// Client appends an access token for a client on its own behalf (RFC 6749 4.4): no user, so no session.
func (t *Tokens) Client(dst []byte, clientID, scope string, readAt time.Time) ([]byte, error) {
	signer, err := t.ring.Signer("ES256")
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 512)
	b = append(b, `{"iss":`...)
	b = append(b, t.issuerJSON...)
	b = appendMember(b, "sub", clientID) // RFC 9068 2.2
	b = append(b, `,"aud":[`...)
	b = append(b, t.issuerJSON...)
	b = append(b, ',')
	b = appendString(b, clientID)
	b = append(b, ']')
	b = appendMember(b, "client_id", clientID)
	b = appendMember(b, "jti", secret.New(16))
	b = appendMember(b, "scope", scope)
	return t.sign(dst, signer, key.TypAccess, b, readAt, time.Time{})
}

// Left returns the whole seconds that a token read at readAt has left, for expires_in.
func (t *Tokens) Left(readAt time.Time) int64 {
	return max(0, expiry(readAt, time.Time{})-t.clock.Now().Unix())
}

// LeftOf returns the whole seconds that a token of a grant has left, for expires_in.
func (t *Tokens) LeftOf(g *storage.Grant) int64 {
	return max(0, expiry(g.At, g.Until)-t.clock.Now().Unix())
}

// AccessClaims is what an access token of ours says.
type AccessClaims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  []string `json:"aud"`
	ClientID  string   `json:"client_id"`
	JTI       string   `json:"jti"`
	SessionID string   `json:"sid"`
	Scope     string   `json:"scope"`
	IssuedAt  int64    `json:"iat"`
	ExpiresAt int64    `json:"exp"`
	Act       *Actor   `json:"act"`
	MayAct    *MayAct  `json:"may_act"`
}

// FamilyID names the family of a user's token; empty for a client's own.
func (c *AccessClaims) FamilyID() string {
	family, _, _ := strings.Cut(c.JTI, ".")
	if _, err := id.Bytes(id.Family, family); err != nil || c.SessionID == "" {
		return ""
	}
	return family
}

// HasScope tells whether the token was issued with a scope.
func (c *AccessClaims) HasScope(scope string) bool {
	return slices.Contains(strings.Fields(c.Scope), scope)
}

// ReadAccess checks an access token of ours and, for a user's, that its session is live right now: at curfew's own
// endpoints a token dies with its session. The grant is nil for a client's own token. It returns key.ErrInvalid for
// anything that is not a good token.
func (t *Tokens) ReadAccess(ctx context.Context, token string) (*AccessClaims, *storage.Grant, error) {
	payload, err := t.ring.Verify(ctx, token, key.TypAccess)
	if err != nil {
		return nil, nil, err
	}
	c := new(AccessClaims)
	if err := json.Unmarshal(payload, c); err != nil {
		return nil, nil, key.ErrInvalid
	}
	now := t.clock.Now()
	if c.Issuer != t.issuer || !slices.Contains(c.Audience, t.issuer) || now.Unix() >= c.ExpiresAt {
		return nil, nil, key.ErrInvalid
	}
	family := c.FamilyID()
	if family == "" {
		v, err := t.store.ClientVersion(ctx, c.ClientID) // a deleted client's tokens die with it
		if err != nil {
			return nil, nil, fmt.Errorf("read client: %w", err)
		}
		if v == 0 || c.SessionID != "" {
			return nil, nil, key.ErrInvalid
		}
		return c, nil, nil
	}
	g, err := t.store.Grant(ctx, c.Subject, family, now)
	if err != nil {
		return nil, nil, invalidIfMissing(err)
	}
	if !g.Live {
		return nil, nil, key.ErrInvalid
	}
	return c, g, nil
}

// HintClaims is what an ID token says when it comes back as a hint.
type HintClaims struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	Audience  string `json:"aud"`
	SessionID string `json:"sid"`
}

// ReadHint reads an id_token_hint, however old (OpenID Connect Core 3.1.2.1): an ID token that we signed and nothing else.
func (t *Tokens) ReadHint(ctx context.Context, token string) (*HintClaims, error) {
	payload, err := t.ring.Verify(ctx, token, key.TypID)
	if err != nil {
		return nil, err
	}
	c := new(HintClaims)
	if err := json.Unmarshal(payload, c); err != nil || c.Issuer != t.issuer || c.Subject == "" || c.Audience == "" {
		return nil, key.ErrInvalid
	}
	return c, nil
}

func halfHash(token []byte, alg string) string {
	if alg == "EdDSA" {
		return halfHash512(token)
	}
	sum := sha256.Sum256(token)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
