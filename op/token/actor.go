package token

// Actor is who acts as the subject of a token (RFC 8693 4.1). Its sid is that of the actor's own session.
type Actor struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	SessionID string `json:"sid,omitempty"`
}

// MayAct says who alone may act as the subject of a token (RFC 8693 4.4): a user, a client, or a user at a client.
type MayAct struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	ClientID string `json:"client_id"`
}

// Actor returns who acts, for documents that are not tokens; nil where nobody does.
func (t *Tokens) Actor(sub, sessionID string) *Actor {
	if sub == "" {
		return nil
	}
	return &Actor{Issuer: t.issuer, Subject: sub, SessionID: sessionID}
}

// appendActor appends act. It stands behind whatever templates and clients add, of which none may be called so; the sign
// function appends nothing but the times.
func (t *Tokens) appendActor(b []byte, sub, sessionID string) []byte {
	if sub == "" {
		return b
	}
	b = append(b, `,"act":{"iss":`...)
	b = append(b, t.issuerJSON...)
	b = appendMember(b, "sub", sub)
	b = appendMember(b, "sid", sessionID)
	return append(b, '}')
}
