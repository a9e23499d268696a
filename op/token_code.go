package op

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// CodeExchange redeems an authorization code (RFC 6749 4.1.3, OpenID Connect Core 3.1.3).
func (p *Provider) CodeExchange(ctx context.Context, r *zop.ClientRequest[oidc.AccessTokenRequest]) (*zop.Response, error) {
	answer, err := p.redeem(ctx, clientOf(r.Client), r.Data.Code, r.Data.RedirectURI, r.Data.CodeVerifier)
	if err != nil {
		return nil, shellError(ctx, err)
	}
	return zop.NewResponse(answer), nil
}

func (p *Provider) redeem(ctx context.Context, c *client.Client, code, redirectURI, verifier string) (*tokenResponse, error) {
	challenge, err := challengeOf(verifier)
	if err != nil {
		return nil, err
	}
	if err := p.prepareKey(ctx, c.SigningAlg()); err != nil { // before the code is used up
		return nil, err
	}
	now := p.Clock.Now()
	var from, offline *storage.Session
	row, g, err := p.Store.Redeem(ctx, storage.Redemption{
		Hash: secret.Hash(code), ClientID: c.ID, RedirectURI: redirectURI, CodeChallenge: challenge, Now: now,
		OpenOffline: func(s *storage.Session, user *storage.User) *storage.Session {
			from, offline = s, p.Sessions.Offline(s, user, now)
			return offline
		},
		Record: func(tx *storage.Store, g *storage.Grant) error { return p.redeemed(ctx, tx, c, g, from, offline, now) },
		Reused: func(tx *storage.Store, row *storage.Code) error { return p.codeReused(ctx, tx, c, row, now) },
	})
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrRedeemed) {
		return nil, errInvalidGrant()
	}
	if err != nil {
		return nil, err
	}
	g.LastActiveAt, g.LongestPause = g.At, 0 // the code is the proof that the browser was here, and what it missed was asked then
	if err := p.holdToLifetime(ctx, c, g); err != nil {
		return nil, err
	}
	return p.issueFirst(ctx, c, row, g)
}

// redeemed writes down what a code got: a family, and for lasting access a session of its own beside the one that it came
// from, in which the client takes part as well.
func (p *Provider) redeemed(ctx context.Context, tx *storage.Store, c *client.Client, g *storage.Grant,
	from, offline *storage.Session, now time.Time) error {
	data := map[string]any{"family": g.FamilyID, "scope": g.Scope}
	if offline != nil {
		data["from"] = from.ID
		e := audit.SessionStart(offline, g.UserID, "")
		e.ClientID = c.ID
		if err := audit.Write(ctx, tx, e); err != nil {
			return err
		}
	}
	return audit.Write(ctx, tx, audit.Event{Kind: audit.FamilyStarted, At: now, UserID: g.UserID, SessionID: g.SessionID, ClientID: c.ID,
		By: c.ID, Data: namingActor(g, data)})
}

// codeReused says that two people had a code (RFC 6749 4.1.2), in the transaction that revokes what the first redemption got.
// Lasting access is nothing but that, so its session ends.
func (p *Provider) codeReused(ctx context.Context, tx *storage.Store, c *client.Client, code *storage.Code, now time.Time) error {
	err := audit.Write(ctx, tx, audit.Event{Kind: audit.CodeReused, At: now, UserID: code.UserID, SessionID: code.SessionID,
		ClientID: c.ID, By: c.ID, Data: map[string]any{"family": code.FamilyID}})
	if err != nil || !code.Offline {
		return err
	}
	g, err := tx.Grant(ctx, code.UserID, code.FamilyID, now)
	if err != nil || g.SessionKind != storage.KindOffline {
		return err
	}
	_, err = p.Door.End(ctx, tx, &storage.Session{UserID: g.UserID, ID: g.SessionID},
		logout.Cause{Status: storage.StatusRevoked, Reason: logout.CodeReused, By: logout.System})
	return err
}

// prepareKey sees to it that there is a key for an algorithm: a client that wants another one may have been registered by
// another process, whose key this one has not read yet.
func (p *Provider) prepareKey(ctx context.Context, alg string) error {
	_, err := p.Ring.Signer(alg)
	if errors.Is(err, key.ErrNoKey) {
		return p.Ring.Ensure(ctx, alg)
	}
	return err
}

// issueFirst makes the tokens of a redeemed code.
func (p *Provider) issueFirst(ctx context.Context, c *client.Client, code *storage.Code, g *storage.Grant) (*tokenResponse, error) {
	templated, err := p.templated(ctx, c, g)
	if err != nil {
		return nil, err
	}
	access, err := p.Tokens.Access(nil, g, templated.JSON)
	if err != nil {
		return nil, err
	}
	answer := &tokenResponse{AccessToken: string(access), TokenType: "Bearer", ExpiresIn: p.Tokens.LeftOf(g), Scope: g.Scope}
	if slices.Contains(strings.Fields(g.Scope), "openid") {
		claims, err := p.idTokenClaims(ctx, g, templated)
		if err != nil {
			return nil, err
		}
		// A session for lasting access stands beside the browser's, which is the one that the app signs out with.
		id, err := p.Tokens.ID(nil, g, token.IDToken{Nonce: code.Nonce, AccessToken: access, SessionID: code.SessionID,
			Alg: c.SigningAlg(), Claims: claims})
		if err != nil {
			return nil, err
		}
		answer.IDToken = string(id)
	}
	if c.Allows(client.GrantRefresh) {
		if answer.RefreshToken, err = p.Tokens.Refresh(g.UserID, g.FamilyID, g.Generation); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// challengeOf computes the S256 challenge of a verifier (RFC 7636 4.1, 4.2). No verifier has the empty challenge, which only
// codes of clients that are excepted from PKCE carry: a client that omits it gains nothing.
func challengeOf(verifier string) (string, error) {
	if verifier == "" {
		return "", nil
	}
	if len(verifier) < 43 || len(verifier) > 128 || strings.ContainsFunc(verifier, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-._~", r)
	}) {
		return "", invalidRequest("code_verifier is malformed")
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}
