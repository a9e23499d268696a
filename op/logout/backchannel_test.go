package logout_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

const issuer = "https://id.example.com"

// told is one request that the relying party got.
type told struct {
	header http.Header
	form   map[string][]string
	token  string
}

// party is a relying party with a back channel, and the queue that speaks to it.
type party struct {
	*world
	ring   *key.Ring
	server *httptest.Server

	mu     sync.Mutex
	got    []told
	answer http.HandlerFunc // nil: 200
}

func eachParty(t *testing.T, fn func(*testing.T, *party)) {
	t.Helper()
	each(t, func(t *testing.T, w *world) {
		p := &party{world: w}
		p.server = httptest.NewServer(http.HandlerFunc(p.serve))
		t.Cleanup(p.server.Close)
		master := make([]byte, 32)
		sealer, err := secret.NewSealer(master)
		w.must(err)
		p.ring, err = key.Open(t.Context(), w.store, key.Options{Clock: w.clock, Sealer: sealer})
		w.must(err)
		p.register("rp", client.Metadata{})
		back := logout.NewBackChannel(w.store, w.clients, token.New(issuer, p.ring, w.store, w.clock, master),
			httpx.NewDoer(httpx.Options{AllowPrivate: httpx.Loopback(), Timeout: 300 * time.Millisecond}), w.clock)
		queue := delivery.NewQueue(delivery.QueueOptions{Store: w.store, Clock: w.clock, Kind: logout.KindBackChannel, Send: back.Send,
			Poll: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		done := make(chan struct{})
		go func() { defer close(done); queue.Run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
		fn(t, p)
	})
}

func (p *party) register(clientID string, m client.Metadata) {
	p.Helper()
	m.RedirectURIs = []string{"https://rp.example.com/cb"}
	if m.BackchannelLogoutURI == "" {
		m.BackchannelLogoutURI = p.server.URL + "/backchannel?app=" + clientID
	}
	_, _, err := p.clients.Register(p.Context(), p.store, clientID, m)
	p.must(err)
}

func (p *party) serve(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
		p.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	p.mu.Lock()
	p.got = append(p.got, told{r.Header, r.PostForm, r.PostForm.Get("logout_token")})
	answer := p.answer
	p.mu.Unlock()
	if answer != nil {
		answer(w, r)
	}
}

func (p *party) answers(h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = h
}

// wait returns what the relying party was told when that is n times.
func (p *party) wait(n int) []told {
	p.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(3 * time.Millisecond) {
		p.mu.Lock()
		got := slices.Clone(p.got)
		p.mu.Unlock()
		if len(got) >= n {
			return got
		}
		if time.Now().After(deadline) {
			p.Fatalf("told %d times, want %d", len(got), n)
		}
	}
}

// receipt waits until what is owed for a session is as ok wants it.
func (p *party) receipt(sessionID string, ok func(*storage.Delivery) bool) *storage.Delivery {
	p.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(3 * time.Millisecond) {
		list, err := p.store.SessionDeliveries(p.Context(), sessionID)
		p.must(err)
		if len(list) != 1 {
			p.Fatalf("%d deliveries", len(list))
		}
		if ok(list[0]) {
			return list[0]
		}
		if time.Now().After(deadline) {
			p.Fatalf("%+v", list[0])
		}
	}
}

func outcome(want string) func(*storage.Delivery) bool {
	return func(d *storage.Delivery) bool { return d.Outcome == want }
}

// check validates a logout token as Back-Channel Logout 2.6 tells a relying party to.
func (p *party) check(raw, clientID, alg, sub, sid string) *oidc.LogoutTokenClaims {
	p.Helper()
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	p.must(err)
	if typ := jws.Signatures[0].Protected.ExtraHeaders[jose.HeaderType]; typ != "logout+jwt" {
		p.Errorf("typ %v", typ)
	}
	body, _ := p.ring.JWKS()
	var set jose.JSONWebKeySet
	p.must(json.Unmarshal(body, &set))
	payload, err := jws.Verify(&set)
	p.must(err)
	claims, members := new(oidc.LogoutTokenClaims), map[string]any{}
	p.must(json.Unmarshal(payload, claims))
	p.must(json.Unmarshal(payload, &members))
	now := p.clock.Now().Unix()
	want := map[string]any{"iss": issuer, "sub": sub, "aud": clientID, "sid": sid, "jti": claims.JWTID, "iat": float64(now),
		"exp": float64(now + 60), "events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}
	s, err := p.store.Session(p.Context(), sid)
	if err == nil {
		want["end_reason"] = s.EndReason
	} else if !errors.Is(err, storage.ErrNotFound) { // gone with its user, and with it the reason
		p.Error(err)
	}
	if d := cmp.Diff(want, members); d != "" { // and nothing else: no nonce above all
		p.Error(d)
	}
	if claims.JWTID == "" || !slices.Equal(claims.Audience, []string{clientID}) {
		p.Errorf("%+v", claims)
	}
	return claims
}

func TestLogoutTokenIsValid(t *testing.T) {
	eachParty(t, func(t *testing.T, p *party) {
		for i, alg := range key.Algorithms {
			clientID := "rp-" + alg
			p.register(clientID, client.Metadata{IDTokenAlg: alg})
			s, _ := p.session(clientID)
			_, err := p.End(t.Context(), p.store, s, revoked)
			p.must(err)
			got := p.wait(i + 1)[i]
			if len(got.form) != 1 || got.header.Get("Content-Type") != "application/x-www-form-urlencoded" ||
				len(got.form["logout_token"]) != 1 || got.header.Get("Authorization") != "" {
				t.Errorf("%v", got)
			}
			p.check(got.token, clientID, alg, p.user.ID, s.ID)
			if _, err := p.ring.Verify(t.Context(), got.token, key.TypID); err == nil {
				t.Error("passes as an ID token")
			}
			p.receipt(s.ID, outcome(delivery.Delivered))
		}
	})
}

// Whatever ends a session tells the relying party, with the session's own sid.
func TestEveryCauseIsTold(t *testing.T) {
	end := func(status storage.SessionStatus, reason logout.Reason) func(*party, *storage.Session) error {
		return func(p *party, s *storage.Session) error {
			_, err := p.End(p.Context(), p.store, s, logout.Cause{Status: status, Reason: reason, By: "x"})
			return err
		}
	}
	sweep := func(p *party) error {
		n, err := p.Sweep(p.Context(), 10)
		if err == nil && n != 1 {
			return fmt.Errorf("swept %d", n)
		}
		return err
	}
	users := func(p *party) *user.Users { return user.New(p.store, p.clock) }
	for name, cause := range map[string]func(*party, *storage.Session) error{
		"signed out":       end(storage.StatusEnded, logout.SignedOut),
		"revoked":          end(storage.StatusRevoked, logout.Revoked),
		"replaced":         end(storage.StatusReplaced, logout.Replaced),
		"removed":          end(storage.StatusRemoved, logout.DeviceForgotten),
		"code reused":      end(storage.StatusRevoked, logout.CodeReused),
		"consent":          end(storage.StatusRevoked, logout.ConsentGone),
		"expired":          func(p *party, _ *storage.Session) error { p.clock.Advance(24 * time.Hour); return sweep(p) },
		"idle":             func(p *party, _ *storage.Session) error { p.clock.Advance(time.Hour); return sweep(p) },
		"password changed": func(p *party, _ *storage.Session) error { return p.endUserNow() },
		"epoch moved": func(p *party, _ *storage.Session) error {
			if err := p.EndUser(p.Context(), p.store, p.user.ID, revoked); err != nil {
				return err
			}
			return sweep(p)
		},
		"user disabled": func(p *party, _ *storage.Session) error {
			return users(p).Disable(p.Context(), p.store, p.Door, p.user.ID, "x")
		},
		"user deleted": func(p *party, _ *storage.Session) error {
			return users(p).Delete(p.Context(), p.store, p.Door, p.user.ID, "x")
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachParty(t, func(t *testing.T, p *party) {
				s, _ := p.session("rp", "silent")
				p.must(cause(p, s))
				p.check(p.wait(1)[0].token, "rp", "ES256", p.user.ID, s.ID)
				p.receipt(s.ID, outcome(delivery.Delivered))
				time.Sleep(30 * time.Millisecond)
				if got := p.wait(1); len(got) != 1 {
					t.Errorf("told %d times", len(got))
				}
			})
		})
	}
}

func (p *party) endUserNow() error {
	return p.EndUserNow(p.Context(), p.store, p.user.ID, "", logout.Cause{Status: storage.StatusRevoked, Reason: logout.PasswordChanged, By: p.user.ID})
}

// Anything but 2xx is a failure (2.8), a redirect is not followed, and the next attempt carries a token of its own.
func TestBackChannelFailuresAreTriedAgain(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for class, answer := range map[delivery.Class]http.HandlerFunc{
		delivery.Redirected: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		delivery.Rejected: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_request","error_description":"private"}`))
		},
		delivery.ReceiverFault: status(http.StatusInternalServerError),
		delivery.Timeout:       func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		delivery.Unreachable: func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		},
	} {
		t.Run(string(class), func(t *testing.T) {
			eachParty(t, func(t *testing.T, p *party) {
				p.answers(answer)
				s, _ := p.session("rp")
				_, err := p.End(t.Context(), p.store, s, revoked)
				p.must(err)
				first := p.check(p.wait(1)[0].token, "rp", "ES256", p.user.ID, s.ID)
				d := p.receipt(s.ID, func(d *storage.Delivery) bool { return d.LastError != "" })
				if d.LastError != string(class) || d.SettledAt.Set() || d.Attempts != 1 || !d.SentAt.Set() ||
					d.AnsweredAt.Set() != (d.LastStatus != 0) {
					t.Errorf("%+v", d)
				}
				p.answers(status(http.StatusNoContent)) // 2.8: as good as 200
				p.clock.Advance(3 * time.Second)
				second := p.check(p.wait(2)[1].token, "rp", "ES256", p.user.ID, s.ID)
				if first.JWTID == second.JWTID {
					t.Errorf("jti %s twice", first.JWTID)
				}
				if d := p.receipt(s.ID, outcome(delivery.Delivered)); d.Attempts != 2 || d.LastStatus != 204 || d.LastError != "" {
					t.Errorf("%+v", d)
				}
			})
		})
	}
}

// The address is read when it is used; who is gone is owed nothing.
func TestBackChannelReadsTheClientWhenItSends(t *testing.T) {
	for name, change := range map[string]func(*party) error{
		"deleted": func(p *party) error { return p.store.DeleteClient(p.Context(), "rp") },
		"silent": func(p *party) error {
			c, err := p.clients.Get(p.Context(), "rp")
			if err != nil {
				return err
			}
			m := c.Metadata
			m.BackchannelLogoutURI = ""
			_, err = p.clients.Update(p.Context(), p.store, c, m)
			return err
		},
		"moved": func(p *party) error {
			c, err := p.clients.Get(p.Context(), "rp")
			if err != nil {
				return err
			}
			m := c.Metadata
			m.BackchannelLogoutURI = p.server.URL + "/moved"
			_, err = p.clients.Update(p.Context(), p.store, c, m)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachParty(t, func(t *testing.T, p *party) {
				var paths []string
				p.answers(func(w http.ResponseWriter, r *http.Request) {
					p.mu.Lock()
					defer p.mu.Unlock()
					if paths = append(paths, r.URL.Path); len(paths) == 1 {
						w.WriteHeader(http.StatusServiceUnavailable)
					}
				})
				s, _ := p.session("rp")
				_, err := p.End(t.Context(), p.store, s, revoked)
				p.must(err)
				p.receipt(s.ID, func(d *storage.Delivery) bool { return d.LastError != "" })
				p.must(change(p))
				p.clock.Advance(3 * time.Second)
				want, wantPaths := delivery.Gone, []string{"/backchannel"}
				if name == "moved" {
					want, wantPaths = delivery.Delivered, []string{"/backchannel", "/moved"}
				}
				p.receipt(s.ID, outcome(want))
				p.mu.Lock()
				defer p.mu.Unlock()
				if d := cmp.Diff(wantPaths, paths); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// A session's relying parties are told at the same time: one that hangs does not hold up the other.
func TestHangingPartyDelaysNobody(t *testing.T) {
	eachParty(t, func(t *testing.T, p *party) {
		hung := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only behind the body a server sees that the other side has gone
			<-r.Context().Done()
		}))
		t.Cleanup(hung.Close)
		for i := range 20 {
			p.register(fmt.Sprintf("hung%d", i), client.Metadata{BackchannelLogoutURI: hung.URL})
		}
		clients := []string{"rp"}
		for i := range 20 {
			clients = append(clients, fmt.Sprintf("hung%d", i))
		}
		s, _ := p.session(clients...)
		_, err := p.End(t.Context(), p.store, s, revoked)
		began := time.Now()
		p.must(err)
		p.wait(1)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %s", took)
		}
	})
}
