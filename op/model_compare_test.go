package op_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// standing is what is compared of a session.
type standing struct {
	User, Status, Stands, Reason, By string
	LastActive, Expires              int64
	Clients                          []string
}

// compare looks at all sessions after a step, and at what the ends of the step have left behind.
func (w *modelWorld) compare() {
	now := w.clock.Now()
	list, err := w.store.SessionViews(w.Context(), storage.SessionViewFilter{Limit: 501}, now)
	w.must(err)
	got, want := map[string]standing{}, map[string]standing{}
	for _, v := range list {
		got[v.ID] = standing{v.UserID, string(v.Status), string(v.Stands), v.EndReason, v.EndedBy, v.LastActiveAt.UnixMicro(),
			v.ExpiresAt.UnixMicro(), v.ClientIDs}
	}
	for _, s := range w.sessions {
		x := standing{User: s.user.id, Status: string(storage.StatusActive), Stands: string(s.stands(now)), Clients: s.clients,
			LastActive: s.lastActive.UnixMicro(), Expires: s.expires.UnixMicro()}
		if s.end != nil {
			x.Status, x.Reason, x.By = string(s.end.Status), string(s.end.Reason), s.end.By
		}
		want[s.id] = x
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Fatalf("sessions (-want +got):\n%s", diff)
	}
	if len(w.ended)+len(w.endedMany) > 0 {
		w.compareEnds()
	}
}

// compareEnds compares the feed and the deliveries owed: one entry for each end, one delivery for each client that took part
// and wants to be told.
func (w *modelWorld) compareEnds() {
	type entry struct{ User, Session, Client, Status, Reason, Clients string }
	var got, want []entry
	list, err := w.store.SessionEnds(w.Context(), w.position, 500, w.clock.Now())
	w.must(err)
	for i, e := range list {
		if e.Position != w.position+int64(i)+1 {
			w.Fatalf("position %d behind %d", e.Position, w.position)
		}
		x := entry{e.UserID, e.SessionID, e.ClientID, string(e.Status), e.Reason, strings.Join(e.ClientIDs, " ")}
		if e.SessionID == "" {
			x.Clients = "" // whom that concerns is found when the entry is numbered
		}
		got = append(got, x)
	}
	w.position += int64(len(list))
	for _, s := range w.ended {
		want = append(want, entry{s.user.id, s.id, "", string(s.end.Status), string(s.end.Reason), strings.Join(s.clients, " ")})
		w.compareDeliveries(s)
	}
	for _, e := range w.endedMany {
		want = append(want, entry{e.user, "", e.client, string(e.cause.Status), string(e.cause.Reason), ""})
	}
	order := func(a, b entry) int {
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	}
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if diff := cmp.Diff(want, got); diff != "" {
		w.Fatalf("feed (-want +got):\n%s", diff)
	}
	w.ended, w.endedMany = nil, nil
}

func (w *modelWorld) compareDeliveries(s *modelSession) {
	list, err := w.store.SessionDeliveries(w.Context(), s.id)
	w.must(err)
	var got, want []string
	for _, d := range list {
		got = append(got, d.Kind+" "+d.Receiver)
	}
	for _, c := range w.clients {
		if c.told && slices.Contains(s.clients, c.id) {
			want = append(want, logout.KindBackChannel+" "+c.id)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.Fatalf("owed %v, want %v", got, want)
	}
}

// compareUses asks of every family and every cookie whether they are good, without using them.
func (w *modelWorld) compareUses() {
	now := w.clock.Now()
	for _, f := range w.families {
		g, err := w.store.Grant(w.Context(), f.session.user.id, f.id, now)
		w.must(err)
		if g.Live != f.live(now) || g.Generation != f.generation || g.SessionID != f.session.id || g.ClientID != f.client.id {
			w.Fatalf("family %+v, want %+v", g, f)
		}
	}
	for _, s := range w.sessions {
		if s.browser == nil {
			continue
		}
		if _, err := w.limited.Peek(w.shows("", s.cookie)); (err == nil) != s.live(now) || err != nil && !errors.Is(err, session.ErrNone) {
			w.Fatalf("cookie of %s: %v, want live: %t", s.id, err, s.live(now))
		}
	}
}

// compareAll looks at everything once more when a world is over: each family and token, the feed, the deliveries, the audit.
func (w *modelWorld) compareAll() {
	w.compareEnds()
	w.compareUses()
	for _, s := range w.sessions {
		if s.end != nil {
			w.compareDeliveries(s)
		}
	}
	for _, b := range w.browsers {
		w.current(b)
		w.chooser(b)
	}
	w.compareAudit()
	w.compareReplays()
}

// compareAudit counts: each end stands in the audit once, with its reason, and so does each reuse and revocation.
func (w *modelWorld) compareAudit() {
	type entry struct{ Kind, About, By, Reason string }
	got, want := map[entry]int{}, map[entry]int{}
	for _, u := range w.users {
		list, err := w.store.UserEvents(w.Context(), u.id, 500)
		w.must(err)
		if len(list) == 500 {
			w.Fatal("more events than can be looked at")
		}
		for _, e := range list {
			var data struct{ Reason, Family string }
			w.must(json.Unmarshal([]byte(e.Data), &data))
			switch audit.Kind(e.Kind) {
			case audit.SessionEnded:
				got[entry{e.Kind, e.SessionID, e.Actor, data.Reason}]++
			case audit.FamilyReused, audit.FamilyRevoked, audit.CodeReused:
				got[entry{Kind: e.Kind, About: data.Family}]++
			}
		}
	}
	for _, s := range w.sessions {
		if s.end != nil {
			want[entry{string(audit.SessionEnded), s.id, s.end.By, string(s.end.Reason)}]++
		}
	}
	count := func(kind audit.Kind, family string, n int) {
		if n > 0 {
			want[entry{Kind: string(kind), About: family}] += n
		}
	}
	for _, f := range w.families {
		count(audit.FamilyReused, f.id, f.reuse)
		count(audit.FamilyRevoked, f.id, f.revoke)
	}
	for _, c := range w.codes {
		count(audit.CodeReused, c.family, c.reused)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Fatalf("audit (-want +got):\n%s", diff)
	}
}
