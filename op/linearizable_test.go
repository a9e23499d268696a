package op_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

const (
	histories  = 100
	callers    = 6 // at once in a history
	callsOfOne = 6
)

// Two replicas on one database, and callers at both that refresh, ask, revoke and end at once: what they are answered must be
// explained by some order of the calls in which none stands before one that was answered before it began. Above all,
// nothing that begins after an end was acknowledged finds the session alive, whichever replica it asks.
func TestRevocationAgainstRefreshIsLinearizable(t *testing.T) {
	for _, engine := range []struct {
		name     string
		database func(testing.TB) string
	}{{"sqlite", storagetest.SQLite}, {"postgres", pgtest.New}} {
		t.Run(engine.name, func(t *testing.T) {
			where := engine.database(t)
			first := newKit(t, storagetest.Open(t, where))
			second := assemble(t, storagetest.Open(t, where))
			second.secrets = first.secrets
			u := first.person("user@example.com")
			answered := map[answeredCall]int{}
			for n := range histories {
				h := newHistory(first.signedIn(u), second, uint64(n))
				h.run()
				if !porcupine.CheckOperations(revocation, h.calls) {
					t.Fatalf("history %d is not linearizable:%s", n, h)
				}
				for _, c := range h.calls {
					answered[answeredCall{c.Input.(call).kind, c.Output.(outcome).ok}]++
				}
			}
			for _, want := range []answeredCall{{callRotate, true}, {callRotate, false}, {callKeep, true}, {callKeep, false},
				{callAskAccess, true}, {callAskAccess, false}, {callAskRefresh, true}, {callAskRefresh, false},
				{callRevoke, true}, {callEnd, true}, {callEndUser, true}} {
				if answered[want] == 0 {
					t.Errorf("nothing was ever answered so: %+v", want)
				}
			}
			t.Logf("%d histories: %v", histories, answered)
		})
	}
}

type answeredCall struct {
	kind callKind
	ok   bool
}

// history is what callers did to one session with two families: one that rotates, and one whose client keeps its token.
type history struct {
	replicas [2]*kit
	session  *storage.Session
	families [2]string // by the place of their clients in historyClients
	access   [2]string
	newest   atomic.Int64 // generation that somebody was given
	seed     uint64
	began    time.Time

	mu    sync.Mutex
	calls []porcupine.Operation
}

var historyClients = [2]string{"spa", "web"}

func newHistory(b *browser, second *kit, seed uint64) *history {
	h := &history{replicas: [2]*kit{b.kit, second}, session: b.current().Session, seed: seed, began: time.Now()}
	for i, clientID := range historyClients {
		got := b.signInTo(clientID)
		_, family, _, err := b.tokens.ParseRefresh(got.RefreshToken)
		b.must(err)
		h.families[i], h.access[i] = family, got.AccessToken
	}
	h.newest.Store(1)
	return h
}

func (h *history) run() {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for caller := range callers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(h.seed, uint64(caller)))
			<-begin
			for range callsOfOne {
				h.call(caller, h.replicas[random.IntN(2)], h.draw(random))
			}
		})
	}
	close(begin)
	wg.Wait()
}

// draw chooses a call. Ends are rare, so that most histories have something before one and something after.
func (h *history) draw(random *rand.Rand) call {
	newest := h.newest.Load()
	family := random.IntN(2)
	switch n := random.IntN(100); {
	case n < 30:
		return call{kind: callRotate, presented: newest}
	case n < 36:
		return call{kind: callRotate, presented: max(1, newest-1)}
	case n < 37:
		return call{kind: callRotate, presented: max(1, newest-2)}
	case n < 38:
		return call{kind: callRotate, presented: newest + 1}
	case n < 55:
		return call{kind: callKeep, family: 1}
	case n < 80:
		return call{kind: callAskAccess, family: family}
	case n < 90:
		return call{kind: callAskRefresh, presented: newest}
	case n < 93:
		return call{kind: callAskRefresh, presented: max(1, newest-1)}
	case n < 96:
		return call{kind: callRevoke, family: family}
	case n < 99:
		return call{kind: callEnd}
	}
	return call{kind: callEndUser}
}

// call does one thing at a replica and writes down when it began and was answered.
func (h *history) call(caller int, k *kit, c call) {
	before := time.Since(h.began)
	out := h.answer(k, c)
	after := time.Since(h.began)
	if c.kind == callRotate && out.ok {
		for now := h.newest.Load(); out.successor > now && !h.newest.CompareAndSwap(now, out.successor); now = h.newest.Load() {
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, porcupine.Operation{ClientId: caller, Input: c, Output: out, Call: int64(before), Return: int64(after)})
}

func (h *history) answer(k *kit, c call) outcome {
	clientID := historyClients[c.family]
	refreshToken, err := k.tokens.Refresh(h.session.UserID, h.families[c.family], max(1, c.presented))
	if err != nil {
		k.Error(err)
	}
	cause := logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "test"}
	switch c.kind {
	case callRotate, callKeep:
		a := k.refresh(clientID, refreshToken)
		if a.StatusCode != http.StatusOK {
			a.wantError(k, http.StatusBadRequest, "invalid_grant")
			return outcome{}
		}
		_, _, successor, err := k.tokens.ParseRefresh(a.json(k)["refresh_token"].(string))
		if err != nil {
			k.Error(err)
		}
		return outcome{ok: true, successor: successor}
	case callAskAccess:
		return outcome{ok: k.active("gateway", h.access[c.family])}
	case callAskRefresh:
		return outcome{ok: k.active("gateway", refreshToken)}
	case callRevoke:
		return outcome{ok: k.call("/oauth/revoke", clientID, url.Values{"token": {refreshToken}}).StatusCode == http.StatusOK}
	case callEnd:
		_, err = k.door.End(k.Context(), k.store, h.session, cause)
	default:
		err = k.door.EndUser(k.Context(), k.store, h.session.UserID, cause)
	}
	if err != nil {
		k.Error(err)
	}
	return outcome{ok: err == nil}
}

// String lists the calls as they were answered.
func (h *history) String() (s string) {
	for _, c := range h.calls {
		s += fmt.Sprintf("\n%9d to %9d ns, caller %d: %+v, answered %+v", c.Call, c.Return, c.ClientId, c.Input, c.Output)
	}
	return s
}
