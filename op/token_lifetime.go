package op

import (
	"context"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// holdToLifetime holds a grant to what its client has set for itself: no token lives longer than the session counts for this
// client. For other clients the session goes on, so nothing ends but the family; it would otherwise come back to life
// when the person authenticates for another client, and stay dead for a rotating client that has lost a generation here.
func (p *Provider) holdToLifetime(ctx context.Context, c *client.Client, g *storage.Grant) error {
	g.Until = c.Until(g.AuthenticatedAt)
	cause := logout.Cause{Status: storage.StatusExpired, Reason: logout.Expired, By: logout.System}
	if g.Until.IsZero() || g.Until.Unix() > g.At.Unix() { // a token with nothing left of its life is none
		if c.Counts(g.AuthenticatedAt, g.LastActiveAt, g.LongestPause, g.At) {
			return nil
		}
		cause = logout.Cause{Status: storage.StatusAbandoned, Reason: logout.Idle, By: logout.System}
	}
	if err := p.revokeFamily(ctx, g, audit.FamilyRevoked, logout.System, cause); err != nil {
		return err
	}
	return errInvalidGrant()
}

// used notes that a client uses the session of a grant.
func (p *Provider) used(c *client.Client, g *storage.Grant) {
	if idle := c.IdleTimeout(); idle > 0 {
		p.Activity.Narrow(g.SessionID, idle)
	}
	due := p.Activity.Used(g.UserID, g.SessionID, g.At, g.LastActiveAt, g.IdleTTL)
	if due && g.ActorSessionID != "" { // see session.Sessions
		p.Activity.Used(g.ActorSub, g.ActorSessionID, g.At, g.LastActiveAt, g.IdleTTL)
	}
}
