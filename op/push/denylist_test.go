package push_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// list is what a deny list says.
type list struct {
	Issuer    string           `json:"iss"`
	Audience  string           `json:"aud"`
	IssuedAt  int64            `json:"iat"`
	ExpiresAt int64            `json:"exp"`
	Sessions  []string         `json:"sids"`
	Users     map[string]int64 `json:"subs"`
	Clients   map[string]int64 `json:"clients"`
	All       int64            `json:"all"`
}

// denied reads the feed and returns the list of a scope, its signature and type checked.
func (r *replica) denied(s push.Scope) (*push.DenyList, list) {
	r.Helper()
	r.must(r.hub.Read(r.Context()))
	d, err := r.hub.Denied(s, "gateway")
	r.must(err)
	payload, err := r.ring.Verify(r.Context(), string(d.Body), key.TypDeny)
	r.must(err)
	if _, err := r.ring.Verify(r.Context(), string(d.Body), key.TypAccess); !errors.Is(err, key.ErrInvalid) {
		r.Error("a deny list passes as an access token")
	}
	var l list
	r.must(json.Unmarshal(payload, &l))
	return d, l
}

func TestDenyList(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		clk := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 250_000_000, time.UTC))
		r := newReplica(t, store, clk)
		for _, clientID := range []string{"a", "b"} {
			r.register(clientID)
		}
		u, other := r.person(), r.person()
		s1, s2 := r.session(u, "a"), r.session(other, "b")
		if _, err := r.hub.Denied(push.Scope{All: true}, "gateway"); !errors.Is(err, push.ErrNotReady) {
			t.Errorf("before anything was read: %v", err)
		}
		want := func(s push.Scope, sids []string, subs map[string]int64) {
			t.Helper()
			at := clk.Now()
			_, got := r.denied(s)
			if d := cmp.Diff(list{issuer, "gateway", at.Unix(), at.Unix() + 30, sids, subs, map[string]int64{}, 0}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		}
		none := map[string]int64{}
		all, a, b := push.Scope{All: true}, push.Scope{ClientID: "a"}, push.Scope{ClientID: "b"}
		want(all, []string{}, none)
		clk.Advance(time.Second)
		r.end(s1)
		want(all, []string{s1.ID}, none)
		want(a, []string{s1.ID}, none)
		want(b, []string{}, none)
		clk.Advance(time.Second)
		moved := clk.Now().Unix()
		r.must(r.door.EndUser(t.Context(), store, other.ID, revoked))
		want(all, []string{s1.ID}, map[string]int64{other.ID: moved})
		want(a, []string{s1.ID}, none)
		want(b, []string{}, map[string]int64{other.ID: moved})
		clk.Advance(10 * time.Second)
		r.end(s2)
		want(b, []string{s2.ID}, map[string]int64{other.ID: moved})

		// Whoever starts now knows the same.
		late := newReplica(t, store, clk)
		if _, got := late.denied(all); !cmp.Equal(got.Sessions, []string{s1.ID, s2.ID}) || got.Users[other.ID] != moved {
			t.Errorf("after a restart %+v", got)
		}
		// Until its last token is dead, leeway and all, a session stays in the list.
		if push.Window != token.TTL+30*time.Second {
			t.Error(push.Window)
		}
		clk.Advance(push.Window - 11*time.Second - time.Millisecond)
		want(all, []string{s1.ID, s2.ID}, map[string]int64{other.ID: moved})
		clk.Advance(11 * time.Second)
		want(all, []string{s2.ID}, none)
		clk.Advance(push.Window)
		want(all, []string{}, none)
	})
}

// All sessions of a client, and of everybody, stand in the list as one instant each, as long as their last token may live.
func TestDenyListOfMany(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		clk := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 250_000_000, time.UTC))
		r := newReplica(t, store, clk)
		for _, clientID := range []string{"a", "b"} {
			r.register(clientID)
		}
		r.session(r.person(), "a", "b")
		want := func(s push.Scope, clients map[string]int64, all int64) {
			t.Helper()
			if _, got := r.denied(s); !cmp.Equal(got.Clients, clients) || got.All != all || len(got.Sessions)+len(got.Users) != 0 {
				t.Errorf("%+v", got)
			}
		}
		everything, a, b := push.Scope{All: true}, push.Scope{ClientID: "a"}, push.Scope{ClientID: "b"}
		none := map[string]int64{}
		want(everything, none, 0)
		clk.Advance(time.Second)
		first := map[string]int64{"a": clk.Now().Unix()}
		r.must(r.door.EndClient(t.Context(), store, "a", revoked))
		want(everything, first, 0)
		want(a, first, 0)
		want(b, none, 0)
		clk.Advance(time.Second)
		later := map[string]int64{"a": clk.Now().Unix()}
		r.must(r.door.EndClient(t.Context(), store, "a", revoked))
		want(a, later, 0)
		clk.Advance(time.Second)
		all := clk.Now().Unix()
		r.must(r.door.EndAll(t.Context(), store, revoked))
		want(everything, later, all)
		want(b, none, all)
		clk.Advance(push.Window - 500*time.Millisecond)
		want(everything, none, all)
		clk.Advance(10 * time.Second) // built again, though nothing changed
		want(everything, none, 0)
	})
}

func TestDenyListIsBuiltSeldom(t *testing.T) {
	clk := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	r := newReplica(t, storagetest.Open(t, storagetest.SQLite(t)), clk)
	u := r.person()
	all := push.Scope{All: true}
	first, _ := r.denied(all)
	clk.Advance(9 * time.Second)
	if again, _ := r.denied(all); again != first {
		t.Error("built again though nothing changed")
	}
	clk.Advance(time.Second)
	anew, _ := r.denied(all)
	if anew == first || anew.ETag == first.ETag {
		t.Error("the same list after ten seconds: its exp draws near")
	}
	r.end(r.session(u))
	if again, _ := r.denied(all); again != anew {
		t.Error("built twice at once")
	}
	clk.Advance(100 * time.Millisecond)
	changed, got := r.denied(all)
	if changed.ETag == anew.ETag || len(got.Sessions) != 1 {
		t.Errorf("an end does not show: %+v", got)
	}
	// Without having looked at the feed, an old list must not pass for a new one.
	clk.Advance(5*time.Second + time.Millisecond)
	if _, err := r.hub.Denied(all, "gateway"); !errors.Is(err, push.ErrNotReady) {
		t.Errorf("five seconds after the feed was read last: %v", err)
	}
}
