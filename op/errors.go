package op

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/curfew-id/curfew/internal/httpx"
)

// challengeBasic says beside a 401 how to authenticate, and again what the body says, for clients that stop reading here.
const challengeBasic = `Basic realm="curfew", charset="UTF-8", error="invalid_client"`

func invalidRequest(description string) *oidc.Error {
	return oidc.ErrInvalidRequest().WithDescription("%s", description)
}

// errInvalidClient never says why: whether a client exists is nobody's business.
func errInvalidClient() *oidc.Error {
	return oidc.ErrInvalidClient().WithDescription("client authentication failed")
}

func errInvalidGrant() *oidc.Error {
	return oidc.ErrInvalidGrant().WithDescription("not valid, or not any more")
}

// writeError answers with the JSON of RFC 6749 5.2. What is not an error of the protocol is logged and not told.
func writeError(ctx context.Context, w http.ResponseWriter, err error) {
	var bad *httpx.BadRequest
	if errors.As(err, &bad) {
		writeBadRequest(w, bad)
		return
	}
	err = shellError(ctx, err)
	status := http.StatusBadRequest
	var known *oidc.Error
	errors.As(err, &known)
	switch known.ErrorType {
	case oidc.InvalidClient:
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", challengeBasic)
	case oidc.ServerError:
		status = http.StatusInternalServerError
	}
	writeJSON(w, status, known)
}

func writeBadRequest(w http.ResponseWriter, err error) {
	var bad *httpx.BadRequest
	if !errors.As(err, &bad) {
		bad = &httpx.BadRequest{Status: http.StatusBadRequest, Text: "the request could not be read"}
	}
	if bad.Status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "POST")
	}
	writeJSON(w, bad.Status, invalidRequest(bad.Text))
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
