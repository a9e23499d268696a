package op

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/op/session"
)

// ScopeListen lets a client's own token (client_credentials) hear which sessions have ended. The client's secret needs no
// scope: it stands for the whole client.
const ScopeListen = "sessions:listen"

// sessionListener is who asks which sessions have ended.
type sessionListener struct {
	scope   push.Scope
	payer   string // whom the stream counts for
	most    int
	client  string    // whose stream it is; "" for a person on pages of ours
	own     string    // the session it came with; "" for a client
	onlyOwn bool      // it may hear of no other
	expires time.Time // zero for never
	// still tells whether what it came with is still good. It does not count as a use of the session.
	still func(context.Context) (bool, error)
}

// refusal is a listener turned away, with the challenge of RFC 6750 3 if there is a code or a status of 401.
type refusal struct {
	status int
	code   string
}

func (r *refusal) Error() string { return r.code }

// writeRefusal answers for an error of the functions below.
func writeRefusal(w http.ResponseWriter, r *http.Request, err error) {
	var no *refusal
	if errors.As(err, &no) {
		challengeBearer(w, no.status, no.code)
		return
	}
	writeError(r.Context(), w, err)
}

// sessionListener finds out who listens: a client by its secret, the bearer of an access token, or a person on pages of
// ours.
func (p *Provider) sessionListener(r *http.Request) (*sessionListener, error) {
	if r.URL.Query().Has("access_token") { // RFC 6750 2.3: it would stand in logs and histories
		return nil, &refusal{http.StatusBadRequest, "invalid_request"}
	}
	if len(r.Header["Authorization"]) == 0 {
		return p.pageListener(r)
	}
	bearer, err := bearerToken(r)
	switch {
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "invalid_request"}
	case bearer == "":
		return p.clientListener(r)
	default:
		return p.tokenListener(r, bearer)
	}
}

// backEndListener admits clients alone.
func (p *Provider) backEndListener(r *http.Request) (*sessionListener, error) {
	if len(r.Header["Authorization"]) == 0 {
		return nil, errInvalidClient()
	}
	l, err := p.sessionListener(r)
	if err == nil && l.own != "" { // a person's token
		return nil, &refusal{http.StatusForbidden, "insufficient_scope"}
	}
	return l, err
}

func (p *Provider) pageListener(r *http.Request) (*sessionListener, error) {
	// The cookie is sent along from other hosts of the same site; they could not read the answer, and need no stream.
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return nil, &refusal{http.StatusUnauthorized, ""}
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != p.Issuer {
		return nil, &refusal{http.StatusUnauthorized, ""}
	}
	c, err := p.Sessions.Peek(r)
	if errors.Is(err, session.ErrNone) {
		return nil, &refusal{http.StatusUnauthorized, ""}
	}
	if err != nil {
		return nil, err
	}
	return &sessionListener{scope: push.Scope{UserID: c.UserID}, own: c.ID, payer: c.ID, most: push.PerSession,
		still: func(ctx context.Context) (bool, error) {
			_, err := p.Sessions.Peek(r.WithContext(ctx))
			return err == nil, unless(err, session.ErrNone)
		}}, nil
}

func (p *Provider) tokenListener(r *http.Request, bearer string) (*sessionListener, error) {
	claims, g, err := p.Tokens.ReadAccess(r.Context(), bearer)
	if errors.Is(err, key.ErrInvalid) {
		return nil, &refusal{http.StatusUnauthorized, "invalid_token"}
	}
	if err != nil {
		return nil, err
	}
	l := &sessionListener{client: claims.ClientID, expires: time.Unix(claims.ExpiresAt, 0), still: func(ctx context.Context) (bool, error) {
		_, _, err := p.Tokens.ReadAccess(ctx, bearer)
		return err == nil, unless(err, key.ErrInvalid)
	}}
	if g != nil {
		l.scope, l.own, l.onlyOwn = push.Scope{UserID: g.UserID}, g.SessionID, true
		l.payer, l.most = g.SessionID, push.PerSession
		return l, nil
	}
	if !claims.HasScope(ScopeListen) {
		return nil, &refusal{http.StatusForbidden, "insufficient_scope"}
	}
	c, err := p.Clients.Get(r.Context(), claims.ClientID)
	if errors.Is(err, client.ErrUnknown) {
		return nil, &refusal{http.StatusUnauthorized, "invalid_token"}
	}
	if err != nil {
		return nil, err
	}
	l.scope, l.payer, l.most = scopeOf(c), c.ID, push.PerClient
	return l, nil
}

func (p *Provider) clientListener(r *http.Request) (*sessionListener, error) {
	cred, err := credentials(r, &httpx.Params{})
	if err != nil {
		return nil, err
	}
	c, err := p.authenticate(r.Context(), cred)
	if err == nil && c.Public() {
		err = errInvalidClient()
	}
	if err != nil {
		return nil, err
	}
	return &sessionListener{client: c.ID, scope: scopeOf(c), payer: c.ID, most: push.PerClient,
		still: func(ctx context.Context) (bool, error) {
			_, err := p.authenticate(ctx, cred) // a new secret, or no client any more
			var known *oidc.Error
			if errors.As(err, &known) {
				return false, nil
			}
			return err == nil, err
		}}, nil
}

// scopeOf is what a client may hear of: sessions that it took part in, and all if it may introspect everybody's tokens,
// which would tell it the same.
func scopeOf(c *client.Client) push.Scope {
	if c.MayScope(ScopeIntrospect) != "" {
		return push.Scope{All: true}
	}
	return push.Scope{ClientID: c.ID}
}

// unless returns err unless it is the one that is an answer.
func unless(err, answer error) error {
	if errors.Is(err, answer) {
		return nil
	}
	return err
}
