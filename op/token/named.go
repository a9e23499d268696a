package token

import (
	"time"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/key"
)

// Named is a token that a named claim template makes for a service which asks for claims of its own: a database that checks
// JWTs, say.
type Named struct {
	Template           string // its name is the audience
	Subject, SessionID string
	ClientID           string // who asked, empty for the management API
	Members            []byte // of the template

	ActorSub, ActorSessionID string // who acts as the subject
}

// Named appends such a token. Its type is its own, so that it passes neither as an access token nor as an ID token; like
// every other it carries the session's id and lives 60 seconds from readAt at most, and not past until where that is set.
func (t *Tokens) Named(dst []byte, x Named, readAt, until time.Time) ([]byte, error) {
	signer, err := t.ring.Signer("ES256")
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 512+len(x.Members))
	b = append(b, `{"iss":`...)
	b = append(b, t.issuerJSON...)
	b = appendMember(b, "sub", x.Subject)
	b = appendMember(b, "aud", x.Template)
	b = appendMember(b, "client_id", x.ClientID)
	b = appendMember(b, "sid", x.SessionID)
	b = appendMember(b, "jti", secret.New(16))
	b = appendMembers(b, x.Members)
	b = t.appendActor(b, x.ActorSub, x.ActorSessionID)
	return t.sign(dst, signer, key.TypNamed, b, readAt, until)
}
