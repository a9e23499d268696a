package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curfew-id/curfew/rp"
)

// held is a session as its relying party and its user hold it.
type held struct {
	n         int
	rig       *rig
	party     *party
	cause     *cause // nil: it ends with everybody's
	userID    string
	sessionID string
	familyID  string
	seed      person // what was written to the database for it
	coarse    bool   // probed more rarely

	cookie string // of the web session

	mu        sync.Mutex
	access    string // the token that its user holds (APIs)
	idToken   string
	refresh   string
	refreshAt time.Time
	dead      time.Time // when the last of its access tokens is
	refused   bool      // curfew refused to refresh

	last     atomic.Int64 // of the requests that the party accepted, nanoseconds since 1970
	count    atomic.Int64
	endedAt  atomic.Int64 // T, 0 before
	armed    atomic.Bool
	woken    chan struct{}
	expected time.Time // of an end that comes by itself
	late     atomic.Pointer[[]time.Time]

	report *end
}

// visitor finds in a request's context whose it is.
type visitor struct{}

// accepted notes that the party's handler was reached.
func (h *held) accepted(at time.Time) {
	h.count.Add(1)
	h.last.Store(at.UnixNano())
	// Whether that was past the bound is judged at once and of each request, whatever happens to later ones.
	if t := h.endedAt.Load(); t != 0 && at.Sub(time.Unix(0, t)) > bound+h.party.leeway+h.rig.Error {
		for {
			old := h.late.Load()
			var list []time.Time
			if old != nil {
				list = *old
			}
			list = append(list[:len(list):len(list)], at)
			if h.late.CompareAndSwap(old, &list) {
				return
			}
		}
	}
}

// signIn gives the party its session, with a refresh token and no access token that lives: the first use gets one.
func (h *held) signIn(ctx context.Context, refresh string) error {
	if !h.party.web() {
		h.refresh = refresh
		return nil
	}
	began := now()
	h.cookie = secretText(32)
	sum := sha256.Sum256([]byte(h.cookie))
	return h.party.store.Create(ctx, &rp.WebSession{ID: base64.RawURLEncoding.EncodeToString(sum[:]), Subject: h.userID,
		SessionID: h.sessionID, RefreshToken: refresh, BeganAt: began, IssuedAt: began})
}

// use makes one request to the party, as the session's user does, and tells whether it was let through.
func (h *held) use(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(context.WithValue(ctx, visitor{}, h), http.MethodGet, "/", nil)
	if err != nil {
		return false
	}
	if h.party.web() {
		r.AddCookie(&http.Cookie{Name: h.party.cookie, Value: h.cookie})
	} else {
		h.renew(ctx)
		h.mu.Lock()
		r.Header.Set("Authorization", "Bearer "+h.access)
		h.mu.Unlock()
	}
	before := h.count.Load()
	h.party.guarded.ServeHTTP(&discard{header: http.Header{}}, r)
	return h.count.Load() > before
}

// renew refreshes what the user of an API holds, when two thirds of its life are over, as package rp does.
func (h *held) renew(ctx context.Context) {
	h.mu.Lock()
	due := !h.refused && now().After(h.refreshAt)
	if due {
		h.refreshAt = now().Add(2 * time.Second) // until the next attempt
	}
	refresh := h.refresh
	h.mu.Unlock()
	if !due {
		return
	}
	asked := now()
	a, err := h.rig.refresh(ctx, h.party, refresh)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		h.take(a, asked)
	case errors.Is(err, errRefused):
		h.refused = true
	}
}

func (h *held) take(a tokens, asked time.Time) {
	h.access, h.refresh, h.refreshAt = a.Access, a.Refresh, asked.Add(40*time.Second)
	if a.ID != "" {
		h.idToken = a.ID
	}
	if exp := expiry(a.Access); exp.After(h.dead) {
		h.dead = exp
	}
}

// holds returns what can be presented to curfew for the session now, and when its last access token is dead.
func (h *held) holds(ctx context.Context) (refresh, access, idToken string, dead time.Time) {
	if h.party.web() {
		dead, refresh = h.party.store.given(h.sessionID)
		sum := sha256.Sum256([]byte(h.cookie))
		if s, err := h.party.store.Get(ctx, base64.RawURLEncoding.EncodeToString(sum[:])); err == nil {
			access, idToken = s.AccessToken, s.IDToken
		}
		return refresh, access, idToken, dead
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.refresh, h.access, h.idToken, h.dead
}

// discard is where the party's answer goes: what counts is whether its handler was reached.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// tokens is RFC 6749 5.1.
type tokens struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
}

// errRefused: curfew says that what was presented is not good.
var errRefused = errors.New("refused")

// refresh presents a refresh token. Any error but errRefused says nothing about the session.
func (r *rig) refresh(ctx context.Context, p *party, token string) (t tokens, err error) {
	status, body, err := r.post(ctx, "/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}},
		func(q *http.Request) { q.SetBasicAuth(url.QueryEscape(p.clientID), url.QueryEscape(p.secret)) })
	switch {
	case err != nil:
		return t, err
	case status == http.StatusBadRequest && strings.Contains(body, "invalid_grant"):
		return t, errRefused
	case status != http.StatusOK:
		return t, unexpected("refresh", status, body)
	}
	return t, json.Unmarshal([]byte(body), &t)
}

// userinfo asks whose an access token is, which only a live session's answers.
func (r *rig) userinfo(ctx context.Context, access string) error {
	status, body, err := r.do(ctx, http.MethodGet, "/oauth/userinfo", nil, func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+access) })
	switch {
	case err != nil:
		return err
	case status == http.StatusUnauthorized:
		return errRefused
	case status != http.StatusOK:
		return unexpected("userinfo", status, body)
	}
	return nil
}
