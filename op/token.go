package op

import (
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/client"
)

// token is the token endpoint (RFC 6749 3.2). Refresh, the hot path, and exchange are answered here; the other grants by the
// library's shell, which calls CodeExchange and ClientCredentialsExchange.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	httpx.NoStore(w.Header())
	form, err := httpx.ReadForm(r)
	if err != nil {
		writeBadRequest(w, err)
		return
	}
	switch form.Get("grant_type") {
	case client.GrantRefresh:
		p.refresh(w, r, form)
	case client.GrantTokenExchange: // the library's shell looks into the tokens by itself, and not carefully
		p.exchange(w, r, form)
	case client.GrantCode, client.GrantClientCredentials:
		p.serveShell(w, r, form)
	case "":
		writeError(r.Context(), w, invalidRequest("grant_type is missing"))
	default: // nothing of it reaches the shell, which repeats it and looks into the token of a grant that we do not have
		writeError(r.Context(), w, oidc.ErrUnsupportedGrantType().WithDescription("not supported here"))
	}
}

// tokenResponse is the answer of RFC 6749 5.1.
type tokenResponse struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope,omitempty"`

	IssuedTokenType string `json:"issued_token_type,omitempty"` // RFC 8693 2.2.1
}
