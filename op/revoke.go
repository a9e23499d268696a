package op

import (
	"context"
	"errors"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// Revocation takes a refresh or access token back (RFC 7009): both mean the family that they belong to. A token that is
// not the client's own is none of its business, and like an unknown one it is answered with 200 and no change (2.2).
func (p *Provider) Revocation(ctx context.Context, r *zop.ClientRequest[oidc.RevocationRequest]) (*zop.Response, error) {
	if err := p.revoke(ctx, clientOf(r.Client), r.Data.Token); err != nil {
		return nil, shellError(ctx, err)
	}
	return zop.NewResponse(struct{}{}), nil
}

func (p *Provider) revoke(ctx context.Context, c *client.Client, text string) error {
	userID, familyID, err := p.familyOf(ctx, text)
	if err != nil || familyID == "" {
		return err
	}
	g, err := p.Store.Grant(ctx, userID, familyID, p.Clock.Now())
	if errors.Is(err, storage.ErrNotFound) || err == nil && g.ClientID != c.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return p.revokeFamily(ctx, g, audit.FamilyRevoked, c.ID,
		logout.Cause{Status: storage.StatusEnded, Reason: logout.SignedOut, By: c.ID})
}

// familyOf names the family of a refresh or access token of ours; none for anything else.
func (p *Provider) familyOf(ctx context.Context, text string) (userID, familyID string, err error) {
	if userID, familyID, _, err = p.Tokens.ParseRefresh(text); err == nil {
		return userID, familyID, nil
	}
	claims, g, err := p.Tokens.ReadAccess(ctx, text)
	if errors.Is(err, key.ErrInvalid) || err == nil && g == nil {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	return claims.Subject, claims.FamilyID(), nil
}

// revokeFamily revokes a family and says why. Lasting access is nothing but its family, so its session ends with it.
func (p *Provider) revokeFamily(ctx context.Context, g *storage.Grant, kind audit.Kind, by string, cause logout.Cause) error {
	now := p.Clock.Now()
	return p.Store.Tx(ctx, func(tx *storage.Store) error {
		if g.SessionKind == storage.KindOffline { // which ends below; whoever ends a session locks it before its families
			if err := tx.HoldSession(ctx, g.UserID, g.SessionID); err != nil && !errors.Is(err, storage.ErrNotFound) {
				return err
			}
		}
		did, err := tx.RevokeFamily(ctx, g.UserID, g.FamilyID, now)
		if err != nil || !did {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Event{Kind: kind, At: now, UserID: g.UserID, SessionID: g.SessionID,
			ClientID: g.ClientID, By: by, Data: namingActor(g, map[string]any{"family": g.FamilyID, "reason": cause.Reason})}); err != nil {
			return err
		}
		if g.SessionKind != storage.KindOffline {
			return nil
		}
		if exchanged, err := tx.IsExchanged(ctx, g.UserID, g.FamilyID); err != nil || exchanged { // nothing but a minute's token
			return err
		}
		_, err = p.Door.End(ctx, tx, &storage.Session{UserID: g.UserID, ID: g.SessionID}, cause)
		return err
	})
}

// namingActor adds to what an event keeps who acts as the user, if somebody does.
func namingActor(g *storage.Grant, data map[string]any) map[string]any {
	if g.ActorSub != "" {
		data["actor"] = g.ActorSub
	}
	return data
}
