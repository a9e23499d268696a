package authflow

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// CodeTTL is how long an authorization code can be redeemed.
const CodeTTL = 60 * time.Second

// Response modes (OAuth 2.0 Multiple Response Types 2.1, Form Post Response Mode).
const (
	ModeQuery    = "query"
	ModeFragment = "fragment"
	ModeFormPost = "form_post"
)

// Answer is what goes back to the client through the browser.
type Answer struct {
	RedirectURI string
	Mode        string
	Values      url.Values
	// Goal is set instead for a flow of curfew's own.
	Goal Goal
}

// URL is where the browser goes in the modes query and fragment.
func (a *Answer) URL() string {
	if a.Mode == ModeFragment {
		return a.RedirectURI + "#" + a.Values.Encode()
	}
	sep := "?"
	if strings.Contains(a.RedirectURI, "?") { // RFC 6749 3.1.2: a query that is there is kept
		sep = "&"
	}
	return a.RedirectURI + sep + a.Values.Encode()
}

// Error answers with an error (RFC 6749 4.1.2.1). iss says which server it comes from (RFC 9207 2.3). current is the browser's
// active session, nil for none.
func (f *Flows) Error(p Params, current *session.Current, code, description string) *Answer {
	v := url.Values{"error": {code}, "iss": {f.issuer}}
	if description != "" {
		v.Set("error_description", description)
	}
	return f.answer(p, current, v)
}

func (f *Flows) answer(p Params, current *session.Current, v url.Values) *Answer {
	if p.State != "" {
		v.Set("state", p.State)
	}
	if s := f.sessionState(p, current); s != "" {
		v.Set("session_state", s)
	}
	mode := p.ResponseMode
	if mode == "" {
		mode = ModeQuery
	}
	return &Answer{RedirectURI: p.RedirectURI, Mode: mode, Values: v}
}

// Finish answers a flow whose next step is done: with a code, or with access_denied if the person said no. A flow is
// finished once; a second call returns ErrGone.
func (f *Flows) Finish(ctx context.Context, flow *Flow, current *session.Current) (*Answer, error) {
	now := f.clock.Now()
	if flow.Denied {
		if err := f.close(ctx, f.store, flow, now); err != nil {
			return nil, err
		}
		return f.Error(flow.Params, current, "access_denied", "the user refused"), nil
	}
	if flow.answersFor(current) {
		refused, err := f.impersonate(ctx, flow, current)
		if err != nil {
			return nil, err
		}
		if refused != nil {
			if err := f.close(ctx, f.store, flow, now); err != nil {
				return nil, err
			}
			return f.Error(flow.Params, current, refused.code, refused.description), nil
		}
	}
	if flow.mistaken(current) { // Core 3.1.2.1, id_token_hint
		if err := f.close(ctx, f.store, flow, now); err != nil {
			return nil, err
		}
		return f.Error(flow.Params, current, "login_required", "another user signed in"), nil
	}
	if flow.unmet(current) {
		if err := f.close(ctx, f.store, flow, now); err != nil {
			return nil, err
		}
		return f.Error(flow.Params, current, "unmet_authentication_requirements", "the user cannot sign in as it was asked for"), nil
	}
	if flow.Client == nil {
		return &Answer{Goal: flow.Goal}, f.close(ctx, f.store, flow, now)
	}
	if idle := flow.Client.IdleTimeout(); idle > 0 {
		f.sessions.Narrow(current, idle)
	}
	code := secret.New(32)
	row := &storage.Code{
		Hash: secret.Hash(code), ClientID: flow.ClientID, UserID: current.UserID, SessionID: current.ID,
		RedirectURI: flow.RedirectURI, CodeChallenge: flow.CodeChallenge, Scope: flow.Scope, Nonce: flow.Nonce,
		Claims: string(flow.Params.Claims), FamilyID: id.New(id.Family), Offline: lasting(flow),
		CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(CodeTTL)),
	}
	err := f.store.Tx(ctx, func(tx *storage.Store) error {
		if err := f.close(ctx, tx, flow, now); err != nil {
			return err
		}
		return tx.InsertCode(ctx, row)
	})
	if err != nil {
		return nil, err
	}
	return f.answer(flow.Params, current, url.Values{"code": {code}, "iss": {f.issuer}}), nil
}

// lasting tells whether the code opens a session of its own (OpenID Connect Core 11).
func lasting(flow *Flow) bool {
	return slices.Contains(strings.Fields(flow.Scope), "offline_access") && flow.Client.Allows(client.GrantRefresh)
}

func (f *Flows) close(ctx context.Context, tx *storage.Store, flow *Flow, now time.Time) error {
	if err := flow.encode(); err != nil {
		return err
	}
	err := tx.FinishAuthRequest(ctx, flow.row, now)
	if errors.Is(err, storage.ErrConflict) {
		return ErrGone
	}
	return err
}
