package push

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/curfew-id/curfew/op/key"
)

const (
	// DenyTTL is how long a deny list may be relied on from its iat.
	DenyTTL = 30 * time.Second

	denyEvery  = 100 * time.Millisecond // built no oftener, however many fetch it
	denyAnew   = 10 * time.Second       // built again though nothing changed
	denyStale  = 5 * time.Second        // not given out when the feed has not been read for so long
	denyCached = 1000                   // lists kept in memory
)

// DenyList is a signed list of what ended in the last Window (type denylist+jwt).
type DenyList struct {
	Body []byte // compact JWS
	ETag string

	builtAt  time.Time
	position int64
}

// denied is its payload.
type denied struct {
	Issuer    string   `json:"iss"`
	Audience  string   `json:"aud"`
	IssuedAt  int64    `json:"iat"` // the list knows of all that had ended by then
	ExpiresAt int64    `json:"exp"`
	Sessions  []string `json:"sids"`
	// Users whose sessions ended all at once, and when: refuse tokens of that sub whose iat is not later. A person who
	// signs in again has later ones, which must not be refused.
	Users map[string]int64 `json:"subs"`
	// Clients whose sessions ended all at once, and everybody's: the same, for tokens of a session (with a sid) that were
	// issued to that client_id, or to anybody. What other clients hold of these sessions follows in Sessions.
	Clients map[string]int64 `json:"clients"`
	All     int64            `json:"all,omitempty"`
}

// denyKey tells lists apart: each names the client that it is made for, so that one's cannot be passed off as another's.
type denyKey struct {
	scope    Scope
	audience string
}

// Denied returns the list of what a scope sees, made for a client; ErrNotReady when the feed has not been read just now, as
// an old list would look as if nothing had happened.
func (h *Hub) Denied(s Scope, audience string) (*DenyList, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.Clock.Now()
	if !h.started || now.Sub(h.readAt) > denyStale {
		return nil, ErrNotReady
	}
	k := denyKey{s, audience}
	if d := h.denials[k]; d != nil {
		age := now.Sub(d.builtAt)
		if age < denyEvery || d.position == h.position && age < denyAnew {
			return d, nil
		}
	}
	d, err := h.deny(s, audience, now)
	if err != nil {
		return nil, err
	}
	if len(h.denials) >= denyCached {
		clear(h.denials)
	}
	h.denials[k] = d
	return d, nil
}

func (h *Hub) deny(s Scope, audience string, now time.Time) (*DenyList, error) {
	p := denied{Issuer: h.Issuer, Audience: audience, IssuedAt: h.readAt.Unix(), ExpiresAt: h.readAt.Add(DenyTTL).Unix(),
		Sessions: []string{}, Users: map[string]int64{}, Clients: map[string]int64{}}
	for _, e := range h.recent {
		switch {
		case !s.sees(e) || !e.NumberedAt.Add(Window).After(now):
		case e.SessionID != "":
			p.Sessions = append(p.Sessions, e.SessionID)
		case e.UserID != "":
			p.Users[e.UserID] = max(p.Users[e.UserID], e.NumberedAt.Unix())
		case e.ClientID != "":
			p.Clients[e.ClientID] = max(p.Clients[e.ClientID], e.NumberedAt.Unix())
		default:
			p.All = max(p.All, e.NumberedAt.Unix())
		}
	}
	payload, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	signer, err := h.Ring.Signer("ES256")
	if err != nil {
		return nil, err
	}
	body, err := signer.Append(nil, key.TypDeny, payload)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return &DenyList{Body: body, ETag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, builtAt: now,
		position: h.position}, nil
}
