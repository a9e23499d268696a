package op

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// typeAccessToken is the one type of token that is exchanged here (RFC 8693 3). An ID token is no permission.
const typeAccessToken = "urn:ietf:params:oauth:token-type:access_token"

// exchange answers the grant of RFC 8693: an access token of ours for another, of the same user and session.
//
//  1. With an actor_token it becomes a token by which one person acts as the other, if the policy of impersonation lets them.
//     It names the actor in act and dies with either session.
//  2. Without one it can only become less: for the client that has it, or one that its may_act names.
//
// It never outlives the tokens that it was made from, or a token of a minute could be kept alive by itself.
func (p *Provider) exchange(w http.ResponseWriter, r *http.Request, form *httpx.Params) {
	answer, err := p.answerExchange(r, form)
	if err != nil {
		writeError(r.Context(), w, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (p *Provider) answerExchange(r *http.Request, form *httpx.Params) (*tokenResponse, error) {
	ctx := r.Context()
	cred, err := credentials(r, form)
	if err != nil {
		return nil, err
	}
	c, err := p.authenticate(ctx, cred)
	if err != nil {
		return nil, err
	}
	if !c.Allows(client.GrantTokenExchange) || c.Public() {
		return nil, oidc.ErrUnauthorizedClient().WithDescription("the client may not use token-exchange")
	}
	if err := p.checkExchange(c, form); err != nil {
		return nil, err
	}
	now := p.Clock.Now() // before any session is read: the token's life counts from here
	subject, err := p.party(ctx, "subject_token", form)
	if err != nil {
		return nil, err
	}
	var by *party
	if form.Has("actor_token") {
		if by, err = p.party(ctx, "actor_token", form); err != nil {
			return nil, err
		}
	}
	if err := p.mayExchange(c, subject, by); err != nil {
		return nil, err
	}
	scope, err := exchangeScope(c, subject, form.Get("scope"))
	if err != nil {
		return nil, err
	}
	return p.issueExchanged(ctx, c, subject, by, scope, form.Has("scope"), now)
}

// checkExchange looks at what is asked for.
func (p *Provider) checkExchange(c *client.Client, form *httpx.Params) error {
	switch {
	case !form.Has("subject_token"):
		return invalidRequest("subject_token is missing")
	case form.Get("subject_token_type") != typeAccessToken:
		return invalidRequest("subject_token_type must be " + typeAccessToken)
	case form.Has("actor_token") && form.Get("actor_token_type") != typeAccessToken:
		return invalidRequest("actor_token_type must be " + typeAccessToken)
	case !form.Has("actor_token") && form.Has("actor_token_type"): // RFC 8693 2.1
		return invalidRequest("actor_token_type without actor_token")
	case form.Has("requested_token_type") && form.Get("requested_token_type") != typeAccessToken:
		return invalidRequest("requested_token_type must be " + typeAccessToken)
	}
	// Our access tokens are for curfew itself and for the client that gets them, whatever is asked.
	for _, name := range []string{"resource", "audience"} {
		if asked := form.Get(name); asked != "" && asked != p.Issuer && (name == "resource" || asked != c.ID) {
			return oidc.ErrInvalidTarget().WithDescription("%s must be the issuer or the client itself", name)
		}
	}
	return nil
}

// party is one of the two people of an exchange.
type party struct {
	claims *token.AccessClaims
	grant  *storage.Grant
}

// party reads a user's access token whose session is live right now.
func (p *Provider) party(ctx context.Context, name string, form *httpx.Params) (*party, error) {
	claims, g, err := p.Tokens.ReadAccess(ctx, form.Get(name))
	if errors.Is(err, key.ErrInvalid) || err == nil && g == nil { // RFC 8693 2.2.2
		return nil, invalidRequest(name + " is not a good access token of a user")
	}
	if err != nil {
		return nil, err
	}
	return &party{claims, g}, nil
}

// mayExchange asks the tokens; the policy is asked later.
func (p *Provider) mayExchange(c *client.Client, subject, by *party) error {
	may := subject.claims.MayAct
	if p.Actors == nil && (by != nil || subject.grant.ActorSub != "") {
		return invalidRequest("nobody acts as somebody else here")
	}
	if by == nil {
		if subject.claims.ClientID != c.ID && (may == nil || !p.named(may, c.ID, c.ID)) {
			return invalidRequest("subject_token is for another client")
		}
		return nil
	}
	switch {
	case by.claims.ClientID != c.ID: // what another client was given is not this one's to act with
		return invalidRequest("actor_token is for another client")
	case subject.grant.ActorSub != "" || by.grant.ActorSub != "":
		return invalidRequest("who is impersonated cannot act, or be impersonated again")
	case by.grant.SessionKind != storage.KindBrowser:
		return invalidRequest("actor_token is not of somebody who is signed in")
	case may != nil && !p.named(may, by.grant.UserID, c.ID):
		return invalidRequest("may_act of subject_token names somebody else")
	}
	return nil
}

// named tells whether may_act lets a subject act, at a client. One that says nothing lets nobody.
func (p *Provider) named(may *token.MayAct, subject, clientID string) bool {
	return (may.Issuer == "" || may.Issuer == p.Issuer) && (may.Subject != "" || may.ClientID != "") &&
		(may.Subject == "" || may.Subject == subject) && (may.ClientID == "" || may.ClientID == clientID)
}

// exchangeScope is at most what the subject's token has and the client may ask for, and never lasting access.
func exchangeScope(c *client.Client, subject *party, asked string) (string, error) {
	most := strings.Fields(c.MayScope(subject.claims.Scope))
	most = slices.DeleteFunc(most, func(s string) bool { return s == "offline_access" })
	return narrow(strings.Join(most, " "), asked)
}

func (p *Provider) issueExchanged(ctx context.Context, c *client.Client, subject, by *party, scope string, asked bool, now time.Time) (*tokenResponse, error) {
	x := storage.Exchange{UserID: subject.grant.UserID, SessionID: subject.grant.SessionID, ParentID: subject.grant.FamilyID,
		ClientID: c.ID, Scope: scope, FamilyID: id.New(id.Family), Now: now}
	actorID, action := subject.grant.ActorSub, actor.ActSignIn
	switch {
	case by != nil:
		actorID, action = by.grant.UserID, actor.ActExchange
		x.ActorSub, x.ActorSessionID = by.grant.UserID, by.grant.SessionID
	case subject.grant.SessionKind != storage.KindImpersonation: // there the session says who acts
		x.ActorSub, x.ActorSessionID = subject.grant.ActorSub, subject.grant.ActorSessionID
	}
	var g *storage.Grant
	err := p.Store.Tx(ctx, func(tx *storage.Store) (err error) {
		if actorID != "" {
			if x.Scope, err = p.Actors.Exchange(ctx, tx, action, x.UserID, actorID, c.ID, scope); err != nil {
				return err
			}
			if asked && x.Scope != scope {
				return oidc.ErrInvalidScope().WithDescription("more than the policy of impersonation leaves")
			}
		}
		if x.Scope == "" {
			return oidc.ErrInvalidScope().WithDescription("nothing is left of the scope")
		}
		var begun bool
		if g, begun, err = tx.Exchange(ctx, x); err != nil || !begun {
			return err
		}
		data := map[string]any{"family": g.FamilyID, "from": x.ParentID, "scope": x.Scope}
		who := c.ID
		if actorID != "" {
			who, data["actor"], data["actor_session"] = actorID, actorID, g.ActorSessionID
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.TokenExchanged, At: now, UserID: g.UserID, SessionID: g.SessionID,
			ClientID: c.ID, By: who, Data: data})
	})
	switch {
	case errors.Is(err, actor.ErrRefused):
		return nil, invalidRequest("the policy of impersonation does not allow it")
	case errors.Is(err, storage.ErrNotFound): // ended in this very moment
		return nil, invalidRequest("a session has ended")
	case err != nil:
		return nil, err
	}
	if err := p.holdToLifetime(ctx, c, g); err != nil {
		return nil, err
	}
	g.Until = earlier(g.Until, time.Unix(subject.claims.ExpiresAt, 0))
	if by != nil {
		g.Until = earlier(g.Until, time.Unix(by.claims.ExpiresAt, 0))
	}
	templated, err := p.templated(ctx, c, g)
	if err != nil {
		return nil, err
	}
	access, err := p.Tokens.Access(nil, g, templated.JSON)
	if err != nil {
		return nil, err
	}
	return &tokenResponse{AccessToken: string(access), IssuedTokenType: typeAccessToken, TokenType: "Bearer",
		ExpiresIn: p.Tokens.LeftOf(g), Scope: g.Scope}, nil
}

// earlier is the earlier of two instants, of which the first may be none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
