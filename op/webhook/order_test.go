package webhook_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
)

// While attempts fail at random, an endpoint is disabled and enabled, moved, given another secret, joined by another one and
// asked to have old events again, and users are deleted: nobody is told of a user in another order than it happened, but for what
// was asked for again.
func TestOrderHoldsWhateverIsDone(t *testing.T) {
	each(t, func(w *world) {
		const users, rounds = 8, 40
		ctx := w.Context()
		random := rand.New(rand.NewPCG(1, 2))
		var mu sync.Mutex
		flaky := func(string) int {
			mu.Lock()
			defer mu.Unlock()
			return [...]int{200, 204, 200, 200, 200, 200, 200, 400, 500, 429}[random.IntN(10)]
		}
		events := []webhook.Event{webhook.UserUpdated, webhook.UserDeleted}
		a, b := w.party(flaky, events...), w.party(nil, events...)
		moved := w.party(flaky) // is told where a was; its own endpoint chose everything
		w.must(w.webhooks.Delete(ctx, w.store, moved.e, "test"))
		var people []*storage.User
		for i := range users {
			people = append(people, w.person(fmt.Sprintf("user%d@example.com", i)))
		}
		w.run(w.quick())
		w.run(w.quick())
		again := map[string]int{} // message -> how often it was asked for once more
		var joined *party
		for round := range rounds {
			for i, u := range people {
				if u == nil {
					continue
				}
				u.Name = strconv.Itoa(round)
				w.must(w.users.Update(ctx, w.store, w.door, u, "test"))
				if i < 4 && round == rounds/2+i { // some are deleted, with events owed
					w.must(w.users.Delete(ctx, w.store, w.door, u.ID, "test"))
					people[i] = nil
				}
			}
			switch round {
			case 5:
				_, err := w.webhooks.Rotate(ctx, w.store, w.read(a.e.ID), time.Hour, "test")
				w.must(err)
			case 10:
				e := w.read(a.e.ID)
				e.DisabledAt, e.DisabledReason = storage.At(w.clock.Now()), webhook.ReasonGone
				w.must(w.store.UpdateWebhookEndpoint(ctx, e))
			case 13:
				w.must(w.webhooks.Enable(ctx, w.store, w.read(a.e.ID), "test"))
			case 18:
				w.until("moved", func() bool { // its state is written by whoever sends as well
					e := w.read(a.e.ID)
					f, err := webhook.FieldsOf(e)
					w.must(err)
					f.URL = moved.URL
					return w.webhooks.Update(ctx, w.store, e, f, "test") == nil
				})
			case 22:
				joined = w.party(flaky, events...)
			case 26, 27, 28:
				var list []*storage.WebhookDelivery
				w.until("something is delivered", func() (enough bool) {
					var err error
					list, err = w.webhooks.Log(ctx, b.e.ID, "delivered", "", 60)
					w.must(err)
					return len(list) >= 3
				})
				for _, d := range list[len(list)-3:] {
					_, err := w.webhooks.Resend(ctx, w.store, w.read(b.e.ID), d.ID)
					w.must(err)
					again[d.MessageID]++
				}
			}
			w.clock.Advance(300 * time.Millisecond)
		}
		w.until("all told", func() bool {
			w.clock.Advance(250 * time.Millisecond)
			return !w.owed(a) && !w.owed(b) && !w.owed(joined)
		})
		for name, list := range map[string][]got{"a": append(a.list(), moved.list()...), "b": b.list(), "joined": joined.list()} {
			last, seen := map[string]int{}, map[string]bool{}
			for _, g := range list {
				who, _ := g.Data["id"].(string)
				round := rounds // the deletion comes behind all else
				if g.Type == string(webhook.UserUpdated) {
					var err error
					round, err = strconv.Atoi(g.Data["name"].(string))
					w.must(err)
				}
				if seen[g.ID] && name == "b" && again[g.ID] > 0 {
					again[g.ID]--
					continue
				}
				before, begun := last[who]
				if twice := seen[g.ID] && round == before; !twice && begun && round <= before {
					w.Errorf("%s: %s: %d after %d (the same: %v)", name, who, round, before, seen[g.ID])
				}
				seen[g.ID], last[who] = true, round
			}
			for who, round := range last {
				if round < rounds-1 {
					w.Errorf("%s: %s is told of as far as %d", name, who, round)
				}
			}
			if want := map[string]int{"a": users, "b": users, "joined": users - 3}[name]; len(last) != want { // three were deleted by then
				w.Errorf("%s is told of %d users, want %d", name, len(last), want)
			}
		}
		for m, n := range again {
			if n != 0 {
				w.Errorf("%s was not sent again: %d", m, n)
			}
		}
	})
}

// What is told last of a user is how they are, also where several changed different things of them at once.
func TestToldLastIsHowItIs(t *testing.T) {
	each(t, func(w *world) {
		r := w.party(nil, webhook.UserUpdated)
		u := w.person("ada@example.com")
		w.run(w.quick())
		for round := range 8 {
			var all sync.WaitGroup
			name := fmt.Sprint("Ada ", round)
			all.Go(func() {
				if err := w.users.UpdateProfile(w.Context(), u.ID, user.Profile{Name: name}); err != nil {
					w.Error(err)
				}
			})
			for i := range 3 {
				id := fmt.Sprintf("fac_%d_%d", round, i)
				all.Go(func() {
					err := w.store.Tx(w.Context(), func(tx *storage.Store) error {
						now := storage.At(w.clock.Now())
						kind := [...]string{"totp", "sms", "recovery"}[i]
						if err := tx.InsertFactor(w.Context(), &storage.Factor{UserID: u.ID, ID: id, Kind: kind, Secret: []byte(id), Label: id, ConfirmedAt: now, CreatedAt: now}); err != nil {
							return err
						}
						return audit.Write(w.Context(), tx, audit.Event{Kind: audit.FactorAdded, At: now.Time, UserID: u.ID, By: u.ID})
					})
					if err != nil {
						w.Error(err)
					}
				})
			}
			all.Wait()
			w.until("told", func() bool { return !w.owed(r) })
			list := r.list()
			last := list[len(list)-1].Data
			if len(list) != 4*(round+1) || last["name"] != name || last["totp_enabled"] != true || last["backup_code_enabled"] != true {
				w.Errorf("round %d, told %d times, last: %v", round, len(list), last)
			}
			for _, kind := range []string{"totp", "sms", "recovery"} {
				w.must(w.store.DeleteFactors(w.Context(), u.ID, kind))
			}
		}
	})
}

// A sign-in that is under way when its user is deleted is told of before the deletion, or not at all.
func TestNothingIsToldBehindADeletion(t *testing.T) {
	each(t, func(w *world) {
		r := w.party(nil)
		w.run(w.quick())
		for i := range 10 {
			u := w.person(fmt.Sprintf("user%d@example.com", i))
			var all sync.WaitGroup
			all.Go(func() {
				if err := w.users.Delete(w.Context(), w.store, w.door, u.ID, "test"); err != nil {
					w.Error(err)
				}
			})
			for range 3 {
				all.Go(func() {
					if err := w.start(w.sessionOf(u.ID)); err != nil && !errors.Is(err, storage.ErrNotFound) {
						w.Error(err)
					}
				})
			}
			all.Wait()
		}
		w.until("told", func() bool { return !w.owed(r) })
		deleted := map[string]bool{}
		for _, g := range r.list() {
			who, _ := g.Data["user_id"].(string)
			if g.Type == string(webhook.UserDeleted) {
				deleted[g.Data["id"].(string)] = true
			} else if deleted[who] {
				w.Errorf("%s of %s behind the deletion", g.Type, who)
			}
		}
		if len(deleted) != 10 {
			w.Errorf("%d deletions", len(deleted))
		}
	})
}
