package op

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zop "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/client"
)

// throughShell reads the form strictly and hands the request to the library's shell: a POST with one value for each
// parameter and no credential in the query, which the shell would all let pass.
func (p *Provider) throughShell(w http.ResponseWriter, r *http.Request) {
	httpx.NoStore(w.Header())
	form, err := httpx.ReadForm(r)
	if err != nil {
		writeBadRequest(w, err)
		return
	}
	p.serveShell(w, r, form)
}

// introspectThroughShell is for clients that can authenticate (RFC 7662 2.1).
func (p *Provider) introspectThroughShell(w http.ResponseWriter, r *http.Request) {
	httpx.NoStore(w.Header())
	form, err := httpx.ReadForm(r)
	if err == nil {
		var cred client.Credentials
		if cred, err = credentials(r, form); err == nil && cred.Method == client.AuthNone {
			err = errInvalidClient()
		}
	}
	if err != nil {
		writeError(r.Context(), w, err)
		return
	}
	p.serveShell(w, r, form)
}

// serveShell looks at how the client authenticates before the shell does, which takes one of two ways where both are
// there and answers 400 where RFC 6749 5.2 wants 401.
func (p *Provider) serveShell(w http.ResponseWriter, r *http.Request, form *httpx.Params) {
	if _, err := credentials(r, form); err != nil {
		writeError(r.Context(), w, err)
		return
	}
	r.PostForm = form.Values()
	r.Form = r.PostForm // never the query
	p.shell.ServeHTTP(&challenger{w}, r)
}

// challenger adds what RFC 6749 5.2 wants beside a 401.
type challenger struct{ http.ResponseWriter }

func (c *challenger) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		c.Header().Set("WWW-Authenticate", challengeBasic)
	}
	c.ResponseWriter.WriteHeader(status)
}

// credentials reads how a client authenticates itself (RFC 6749 2.3, RFC 7523 2.2). More than one way at once is refused.
func credentials(r *http.Request, form *httpx.Params) (cred client.Credentials, err error) {
	basicID, basicSecret, basic := r.BasicAuth()
	header := len(r.Header["Authorization"]) > 0
	assertion := form.Get("client_assertion")
	ways := max(0, len(r.Header["Authorization"])-1)
	for _, used := range []bool{header, form.Get("client_secret") != "", assertion != ""} {
		if used {
			ways++
		}
	}
	if ways > 1 {
		return cred, invalidRequest("more than one way of client authentication")
	}
	cred.ClientID = form.Get("client_id")
	switch {
	case header:
		if !basic {
			return cred, errInvalidClient()
		}
		// RFC 6749 2.3.1: both are form-encoded before they are base64-encoded.
		id, err1 := url.QueryUnescape(basicID)
		secret, err2 := url.QueryUnescape(basicSecret)
		if err1 != nil || err2 != nil || secret == "" { // an empty one is nobody's
			return cred, errInvalidClient()
		}
		if cred.ClientID != "" && cred.ClientID != id {
			return cred, invalidRequest("client_id does not match the Authorization header")
		}
		cred.Method, cred.ClientID, cred.Secret = client.AuthBasic, id, secret
	case assertion != "":
		if form.Get("client_assertion_type") != client.AssertionType {
			return cred, invalidRequest("client_assertion_type is not supported")
		}
		from := client.AssertionIssuer(assertion)
		if from == "" || cred.ClientID != "" && cred.ClientID != from {
			return cred, errInvalidClient()
		}
		cred.Method, cred.ClientID, cred.Assertion = client.AuthKey, from, assertion
	case form.Get("client_secret") != "":
		cred.Method, cred.Secret = client.AuthPost, form.Get("client_secret")
	default:
		cred.Method = client.AuthNone
	}
	if cred.ClientID == "" {
		return cred, errInvalidClient()
	}
	return cred, nil
}

// authenticate returns the client that the credentials prove, as the database has it now.
func (p *Provider) authenticate(ctx context.Context, cred client.Credentials) (*client.Client, error) {
	c, err := p.Clients.Get(ctx, cred.ClientID)
	if err != nil {
		return nil, unauthenticated(err)
	}
	if err := p.Clients.Authenticate(ctx, c, cred, p.assertionAudiences()); err != nil {
		return nil, unauthenticated(err)
	}
	return c, nil
}

// assertionAudiences are the issuer, as the successor of RFC 7523 wants it, and the token endpoint, as clients do it.
func (p *Provider) assertionAudiences() []string { return []string{p.Issuer, p.Issuer + pathToken} }

func unauthenticated(err error) error {
	if errors.Is(err, client.ErrUnknown) || errors.Is(err, client.ErrUnauthenticated) {
		return errInvalidClient()
	}
	return err
}

// VerifyClient authenticates for the library's shell.
func (p *Provider) VerifyClient(ctx context.Context, r *zop.Request[zop.ClientCredentials]) (zop.Client, error) {
	c, err := p.shellClient(ctx, r.Header, r.Data)
	if err != nil {
		return nil, shellError(ctx, err)
	}
	return &shellClient{Client: nil, client: c}, nil
}

func (p *Provider) shellClient(ctx context.Context, h http.Header, d *zop.ClientCredentials) (*client.Client, error) {
	cred := client.Credentials{ClientID: d.ClientID, Secret: d.ClientSecret, Assertion: d.ClientAssertion}
	switch {
	case h.Get("Authorization") != "":
		cred.Method = client.AuthBasic
	case d.ClientAssertion != "":
		cred.Method = client.AuthKey
		from := client.AssertionIssuer(d.ClientAssertion)
		if from == "" || d.ClientID != "" && d.ClientID != from {
			return nil, errInvalidClient()
		}
		cred.ClientID = from
	case d.ClientSecret != "":
		cred.Method = client.AuthPost
	default:
		cred.Method = client.AuthNone
	}
	return p.authenticate(ctx, cred)
}

// shellClient is a client as the shell needs it: for the two questions that it asks. Any other would be a nil pointer,
// so a new version of the library that asks more fails in the first test.
type shellClient struct {
	zop.Client
	client *client.Client
}

func (c *shellClient) GetID() string { return c.client.ID }

func (c *shellClient) AuthMethod() oidc.AuthMethod {
	return oidc.AuthMethod(c.client.TokenEndpointAuthMethod)
}

func (c *shellClient) GrantTypes() []oidc.GrantType {
	list := make([]oidc.GrantType, len(c.client.GrantTypes))
	for i, g := range c.client.GrantTypes {
		list[i] = oidc.GrantType(g)
	}
	return list
}

func clientOf(c zop.Client) *client.Client { return c.(*shellClient).client }

// logFailure logs an error that is not told. A caller that has gone before there was an answer is none.
func logFailure(ctx context.Context, err error) {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return
	}
	slog.ErrorContext(ctx, "request failed", "error", err, "request_id", httpx.RequestID(ctx))
}

// shellError makes an error fit to be written by the shell, which would send the text of any other to the caller.
func shellError(ctx context.Context, err error) error {
	var known *oidc.Error
	if !errors.As(err, &known) {
		logFailure(ctx, err)
		return zop.NewStatusError(oidc.ErrServerError().WithDescription("something went wrong here; try again"),
			http.StatusInternalServerError)
	}
	if known.ErrorType == oidc.InvalidClient {
		return zop.NewStatusError(known, http.StatusUnauthorized)
	}
	return err
}
