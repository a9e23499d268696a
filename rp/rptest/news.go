package rptest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// news is what the provider tells of ended sessions: the stream and the deny list.
type news struct {
	listeners map[string]string // clients by the tokens that they listen with
	told      []event
	forgotten int           // events up to here are not known any more
	changed   chan struct{} // closed when there is something new
	cut       int           // how often all streams were cut
	open      int           // streams
}

type event struct {
	id   int
	text string
}

// LogoutToken returns a logout token for a client (Back-Channel Logout 1.0, 2.4), bent by change.
func (p *Provider) LogoutToken(client, sub, sid string, change func(claims map[string]any)) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	claims := map[string]any{
		"iss": p.Issuer, "aud": client, "sub": sub, "sid": sid, "jti": p.next("jti"), "iat": now.Unix(), "exp": now.Add(p.TTL).Unix(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
	if change != nil {
		change(claims)
	}
	return p.sign(claims, "logout+jwt")
}

// Tell sends an event to every open stream, and to those that come back for it.
func (p *Provider) Tell(name string, data map[string]any) {
	b, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id := len(p.news.told) + 1
	p.news.told = append(p.news.told, event{id, fmt.Sprintf("event: %s\ndata: %s\nid: %d\n\n", name, b, id)})
	p.wake()
}

// Forget has listeners that come back with an old position told that it is not known any more.
func (p *Provider) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.news.forgotten = len(p.news.told)
}

// CutStreams ends every open stream. Their listeners may come back.
func (p *Provider) CutStreams() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.news.cut++
	p.wake()
}

// Streams returns how many are open.
func (p *Provider) Streams() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.news.open
}

// RefuseListeners makes all tokens that were given out for listening worthless.
func (p *Provider) RefuseListeners() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.news.listeners)
}

func (p *Provider) wake() {
	close(p.news.changed)
	p.news.changed = make(chan struct{})
}

// listenToken answers a client that asks in its own name. The caller holds the lock.
func (p *Provider) listenToken(w http.ResponseWriter, r *http.Request, client string) {
	if p.Secret[client] == "" || r.PostFormValue("scope") != "sessions:listen" {
		answer(w, http.StatusBadRequest, map[string]any{"error": "unauthorized_client"})
		return
	}
	token := p.next("listen")
	p.news.listeners[token] = client
	body := map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(p.TTL.Seconds()), "scope": "sessions:listen"}
	if p.Tamper.TokenAnswer != nil {
		p.Tamper.TokenAnswer("client_credentials", body)
	}
	answer(w, http.StatusOK, body)
}

// listener returns the client that listens. The caller holds the lock.
func (p *Provider) listener(w http.ResponseWriter, r *http.Request) (string, bool) {
	client, ok := p.news.listeners[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if !ok {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	return client, ok
}

// events is the stream, as docs/protocol.md has it.
func (p *Provider) events(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if _, ok := p.listener(w, r); !ok {
		p.mu.Unlock()
		return
	}
	p.news.open++
	at, cut := len(p.news.told), p.news.cut
	begin := "retry: 1000\n"
	if last, err := strconv.Atoi(r.Header.Get("Last-Event-Id")); err == nil {
		if last < p.news.forgotten {
			begin += "event: reset\ndata: {}\n"
		} else {
			at = last
		}
	}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.news.open--
		p.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	text := begin + fmt.Sprintf("id: %d\n\n", at)
	for {
		p.mu.Lock()
		for _, e := range p.news.told[at:] {
			text += e.text
			at = e.id
		}
		changed, over := p.news.changed, p.news.cut != cut
		p.mu.Unlock()
		if over {
			return
		}
		if text != "" {
			if _, err := w.Write([]byte(text)); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			text = ""
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// denied is the deny list: of the sessions that End was called for, and what Tamper.DenyList adds.
func (p *Provider) denied(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	client, ok := p.listener(w, r)
	if !ok {
		return
	}
	now := p.now()
	sids := append([]string{}, slices.Sorted(maps.Keys(p.ended))...)
	claims := map[string]any{"iss": p.Issuer, "aud": client, "iat": now.Unix(), "exp": now.Unix() + 30, "sids": sids, "subs": map[string]int64{}}
	if p.Tamper.DenyList != nil {
		p.Tamper.DenyList(claims)
	}
	content, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(content)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("Etag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	raw := ""
	if p.Tamper.SignDenyList != nil {
		raw = p.Tamper.SignDenyList(claims, func(typ string) string { return p.sign(claims, typ) })
	} else {
		raw = p.sign(claims, "denylist+jwt")
	}
	w.Header().Set("Content-Type", "application/denylist+jwt")
	_, _ = w.Write([]byte(raw))
}
