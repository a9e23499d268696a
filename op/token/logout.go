package token

import (
	"context"
	"errors"
	"time"

	"github.com/curfew-id/curfew/op/key"
)

// Logout is what a logout token says (Back-Channel Logout 2.4).
type Logout struct {
	Subject, SessionID string
	ClientID           string
	JTI                string
	// Alg is the client's id_token_signed_response_alg: a relying party checks both kinds of token in one way (2.6).
	Alg string
	// Reason is why the session ended, as push says it; empty where nobody knows any more.
	Reason string
}

// Logout appends a logout token. It has no nonce, so that it cannot pass as an ID token, and a type of its own (2.4). Like
// every token it lives 60 seconds, from readAt: a captured one is of no use later.
func (t *Tokens) Logout(ctx context.Context, dst []byte, x Logout, readAt time.Time) ([]byte, error) {
	signer, err := t.ring.Signer(x.Alg)
	if errors.Is(err, key.ErrNoKey) { // made by another process, or never needed before
		if err = t.ring.Ensure(ctx, x.Alg); err == nil {
			signer, err = t.ring.Signer(x.Alg)
		}
	}
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 512)
	b = append(b, `{"iss":`...)
	b = append(b, t.issuerJSON...)
	b = appendMember(b, "sub", x.Subject)
	b = appendMember(b, "aud", x.ClientID)
	b = appendMember(b, "sid", x.SessionID)
	b = appendMember(b, "jti", x.JTI)
	// 2.4: a logout token may contain other claims. With this one an app can tell its user why, whichever channel came first.
	if x.Reason != "" {
		b = appendMember(b, "end_reason", x.Reason)
	}
	b = append(b, `,"events":{"http://schemas.openid.net/event/backchannel-logout":{}}`...)
	return t.sign(dst, signer, key.TypLogout, b, readAt, time.Time{})
}
