package rptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Tamper bends answers. A nil function changes nothing. They run while the provider is locked and must
// not call it.
type Tamper struct {
	Discovery    func(doc map[string]any)                                         // the discovery document
	Callback     func(q map[string]string)                                        // the parameters of an authorization response
	IDToken      func(claims map[string]any)                                      // before signing
	AccessToken  func(claims map[string]any)                                      // before signing
	SignIDToken  func(claims map[string]any, sign func(typ string) string) string // instead of signing as JWT
	TokenAnswer  func(grant string, answer map[string]any)                        // what the token endpoint sends
	TokenRefusal func(grant string) (status int, code string)                     // a non-zero status refuses
	Userinfo     func(claims map[string]any)                                      // what userinfo sends
	DenyList     func(claims map[string]any)                                      // before signing
	SignDenyList func(claims map[string]any, sign func(typ string) string) string // instead of signing as denylist+jwt
}

// Provider is the provider. Issuer is its address. Change User and Tamper only through Set while requests
// are under way.
type Provider struct {
	Issuer string
	Tamper Tamper
	TTL    time.Duration     // of tokens, 60 s
	Secret map[string]string // secrets by client_id; clients that are not here are public
	User   map[string]any    // claims of the user, sub among them

	now func() time.Time
	mux *http.ServeMux

	mu       sync.Mutex
	keys     []key // the first one signs
	codes    map[string]grant
	refresh  map[string]grant
	ended    map[string]bool
	requests map[string]int
	serial   int
	news     news
}

type key struct {
	kid  string
	priv *ecdsa.PrivateKey
}

// grant is what a code or a refresh token stands for.
type grant struct {
	client, sid, nonce, challenge, redirect, scope string
	authTime                                       time.Time
}

// New returns a provider for an issuer; serve it there. now tells its time.
func New(issuer string, now func() time.Time) *Provider {
	p := &Provider{
		Issuer: issuer, TTL: time.Minute, Secret: map[string]string{}, now: now, mux: http.NewServeMux(),
		User:  map[string]any{"sub": "usr_01", "name": "Ada Example", "email": "user@example.com", "email_verified": true},
		codes: map[string]grant{}, refresh: map[string]grant{}, ended: map[string]bool{}, requests: map[string]int{},
		news: news{listeners: map[string]string{}, changed: make(chan struct{})},
	}
	p.Rotate("k1")
	p.routes()
	return p
}

// Start serves a provider on loopback until the test ends.
func Start(t testing.TB, now func() time.Time) *Provider {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	p := New("http://"+srv.Listener.Addr().String(), now)
	srv.Config.Handler = p
	srv.Start()
	t.Cleanup(srv.Close)
	return p
}

// ServeHTTP serves the provider's endpoints.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.requests[r.URL.Path]++
	p.mu.Unlock()
	// Any origin may read: there is nothing here to protect.
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization")
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	p.mux.ServeHTTP(w, r)
}

// Set runs change while no request is being answered.
func (p *Provider) Set(change func(p *Provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// Requests returns how often a path has been asked for.
func (p *Provider) Requests(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[path]
}

// End ends a session: its refresh tokens give invalid_grant from now on.
func (p *Provider) End(sid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended[sid] = true
}

// Rotate makes a new signing key under kid. Keys with other kids stay published, one with the same is
// replaced.
func (p *Provider) Rotate(kid string) {
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	keys := []key{{kid, priv}}
	for _, k := range p.keys {
		if k.kid != kid {
			keys = append(keys, k)
		}
	}
	p.keys = keys
}

// PublicKey returns the public half of the signing key.
func (p *Provider) PublicKey() *ecdsa.PublicKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &p.keys[0].priv.PublicKey
}

// next returns a name that is used once.
func (p *Provider) next(prefix string) string {
	p.serial++
	return fmt.Sprintf("%s_%04d%s", prefix, p.serial, rand.Text()[:12])
}
