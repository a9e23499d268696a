package op_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// pushed waits for n receipts of what streams told about a session, and returns who was told.
func (k *kit) pushed(sessionID string, n int) (told map[string]*storage.Delivery) {
	k.Helper()
	for give := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		list, err := k.store.SessionDeliveries(k.Context(), sessionID)
		k.must(err)
		told = map[string]*storage.Delivery{}
		for _, d := range list {
			if d.Kind == logout.KindPush {
				told[d.Receiver] = d
			}
		}
		if len(told) >= n || time.Now().After(give) {
			if len(told) != n {
				k.Errorf("%d receipts, want %d", len(told), n)
			}
			return told
		}
	}
}

// What a stream told a client about a session in which it took part leaves a receipt, one however often it was told: of a back
// end, and of a browser app that listens with the session's token. Whoever only looks on leaves none.
func TestSessionEventsLeaveReceipts(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		b.signInTo("web")
		spa := b.signInTo("spa")
		base, again := k.listening(), newReplica(k)
		s := b.current().Session
		streams := []*stream{k.open(base, k.secretOf("web")).begun(), k.open(again, k.secretOf("web")).begun(),
			k.open(base, bearer(spa.AccessToken)).begun(), k.open(base, k.secretOf("gateway")).begun(), k.open(base, b.with).begun()}
		k.endAs(s, storage.StatusRevoked, logout.Revoked)
		ended := k.clock.Now()
		for _, s := range streams {
			s.next()
		}
		for clientID, d := range k.pushed(s.ID, 2) {
			if clientID != "web" && clientID != "spa" {
				t.Errorf("a receipt of %s", clientID)
			}
			if d.Outcome != logout.Pushed || !d.SettledAt.Set() || d.SentAt.Before(ended) || !d.CreatedAt.Equal(ended) || d.UserID != u.ID {
				t.Errorf("%+v", d)
			}
		}
		before := k.pushed(s.ID, 2)["web"].SentAt
		k.clock.Advance(time.Minute)
		k.open(base, func(r *http.Request) { k.authenticated(r, "web"); r.Header.Set("Last-Event-ID", "0") }).next()
		k.push.WriteReceipts(t.Context())
		if got := k.pushed(s.ID, 2)["web"].SentAt; !got.Equal(before.Time) {
			t.Errorf("told again, and the receipt moved from %v to %v", before, got)
		}

		// For a reader: one each, nobody is said not to have been told.
		views, err := k.store.SessionViews(t.Context(), storage.SessionViewFilter{ID: s.ID}, k.clock.Now())
		k.must(err)
		owed, err := k.store.SessionDeliveries(t.Context(), s.ID)
		k.must(err)
		for _, r := range logout.Receipts(views[0], owed, k.clock.Now()) {
			if r.Channel == logout.ByNone || r.Channel == logout.ByPush && !r.TokenDeadBy.Equal(ended.Add(time.Minute)) {
				t.Errorf("%s by %s, dead by %v", r.Receiver, r.Channel, r.TokenDeadBy)
			}
		}
	})
}

// All of a user end at once: the stream of the browser app is told of its own session, and that leaves its receipt.
func TestSessionEventsOfAnEpochLeaveReceipts(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		u := k.person("user@example.com")
		b := k.signedIn(u)
		spa := b.signInTo("spa")
		sid, base := b.current().ID, k.listening()
		app := k.open(base, bearer(spa.AccessToken)).begun()
		k.must(k.door.EndAll(t.Context(), k.store, logout.Cause{Status: storage.StatusRevoked, Reason: logout.AllEnded, By: "cli"}))
		app.next()
		app.ended()
		if d := k.pushed(sid, 1)["spa"]; d == nil || d.UserID != u.ID {
			t.Errorf("%+v", d)
		}
	})
}
