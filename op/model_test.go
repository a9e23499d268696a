package op_test

import (
	"flag"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/session"
)

var modelSteps = flag.Int("model.steps", 1000, "random steps that TestModel takes on each engine")

// stepsInWorld is how many steps a world lives, on average. Longer ones find little more and are hard to read.
const stepsInWorld = 60

// TestModel drives the real parts through random steps and compares with the model after each: make model takes a million. A
// few more worlds follow where a kind of step has not come up yet.
func TestModel(t *testing.T) {
	set := func(name, value string) {
		was := flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, was) })
	}
	set("rapid.steps", strconv.Itoa(stepsInWorld))
	set("rapid.checks", strconv.Itoa(max(1, *modelSteps/stepsInWorld)))
	set("rapid.nofailfile", "true") // a seed repeats it as well, and says which in the failure
	each(t, func(t *testing.T, k *kit) {
		silent := client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb"}}
		k.register("silent", silent)
		done, began := map[string]int{}, time.Now()
		for round := 0; round < 10 && (round == 0 || slices.Contains(slices.Collect(maps.Values(done)), 0)); round++ {
			rapid.Check(t, func(rt *rapid.T) {
				w := newModelWorld(k.in(rapidTB{t, rt}), rt)
				defer w.forget()
				w.walk(done)
				w.compareAll()
			})
		}
		report(t, done, time.Since(began))
	})
}

// report prints what was done. A kind of step that was never taken means that the rest proves less than it says.
func report(t *testing.T, done map[string]int, took time.Duration) {
	total := 0
	for _, n := range done {
		total += n
	}
	t.Logf("%d steps in %s, %.0f a second", total, took.Round(time.Millisecond), float64(total)/took.Seconds())
	for _, kind := range slices.Sorted(maps.Keys(done)) {
		t.Logf("%9d %s", done[kind], kind)
		if done[kind] == 0 {
			t.Errorf("no step %q", kind)
		}
	}
}

// rapidTB lets a kit report to rapid, which needs to know to find a shorter way to the same failure.
type rapidTB struct {
	testing.TB
	rt *rapid.T
}

func (t rapidTB) Helper()                   {}
func (t rapidTB) Fatal(args ...any)         { t.rt.Fatal(args...) }
func (t rapidTB) Fatalf(f string, a ...any) { t.rt.Fatalf(f, a...) }
func (t rapidTB) Error(args ...any)         { t.rt.Error(args...) }
func (t rapidTB) Errorf(f string, a ...any) { t.rt.Errorf(f, a...) }

// modelWorld is a model and the real parts beside it. Worlds follow one another in one database, with users of their own.
type modelWorld struct {
	*model
	modelKit
	rt       *rapid.T
	limited  *session.Sessions
	clients  []*modelClient
	position int64  // in the feed of ended sessions
	began    string // the last audit event of before
	instants []modelInstant
}

// modelKit keeps the kit's names behind the model's: w.sessions are the model's, w.kit.sessions the real ones.
type modelKit struct{ *kit }

func newModelWorld(k *kit, rt *rapid.T) *modelWorld {
	w := &modelWorld{modelKit: modelKit{k}, rt: rt, model: &model{consents: map[[2]string]bool{}, used: map[*modelSession]time.Time{}}}
	w.limit = pick(rt, "limit", []int{0, 1, 2, 3})
	w.refuse = rapid.Bool().Draw(rt, "refuse")
	w.limited = session.New(k.store, k.clock, k.activity, k.door,
		session.Options{Secure: true, Limit: w.limit, RefuseBeyondLimit: w.refuse})
	w.clients = []*modelClient{{"web", false, true}, {"spa", true, true}, {"rotating", true, true}, {"silent", false, false}}
	for i := range 3 {
		u := k.person(fmt.Sprintf("user%d@example.com", i))
		if i == 2 {
			u.Role = "admin"
			k.must(k.store.UpdateUser(k.Context(), u))
		}
		w.users = append(w.users, &modelUser{id: u.ID, admin: u.Role != ""})
		w.browsers = append(w.browsers, &modelBrowser{})
	}
	_, err := k.store.SessionEnds(k.Context(), 0, 1, k.clock.Now()) // numbers what a world left that failed
	k.must(err)
	_, w.position, err = k.store.SessionFeed(k.Context())
	k.must(err)
	w.began = id.New(id.Event)
	return w
}

// forget makes place for the next world.
func (w *modelWorld) forget() {
	w.must(w.activity.Flush(w.Context()))
	for _, u := range w.users {
		w.must(w.store.DeleteUser(w.Context(), u.id))
	}
	w.clock.Advance(time.Hour)
}

// walk takes one step after the other, each followed by the comparison. A step for which there is nothing yet is another one.
func (w *modelWorld) walk(done map[string]int) {
	var weighed []modelStep
	for _, s := range w.steps() {
		done[s.kind] += 0
		for range s.weight {
			weighed = append(weighed, s)
		}
	}
	w.rt.Repeat(map[string]func(*rapid.T){
		"": func(*rapid.T) { w.compare() },
		"step": func(*rapid.T) {
			for range 10 {
				s := pick(w.rt, "kind", weighed)
				w.rt.Log(s.kind)
				if took(s.take) {
					done[s.kind]++
					return
				}
			}
		},
	})
}

type modelStep struct {
	kind   string
	weight int
	take   func()
}

func (w *modelWorld) steps() []modelStep {
	return []modelStep{
		{"sign in", 6, w.stepSignIn},
		{"step up", 3, w.stepStepUp},
		{"switch account", 5, w.stepSwitch},
		{"list the device's accounts", 2, w.stepChooser},
		{"show a good cookie", 4, w.stepCurrent},
		{"show a superseded cookie", 2, w.stepSuperseded},
		{"forget an account", 2, w.stepForgetAccount},
		{"forget a device", 1, w.stepForgetDevice},
		{"end a session", 2, w.stepEnd},
		{"end a user's sessions", 1, w.stepEndUser},
		{"end a client's sessions", 1, w.stepEndClient},
		{"end everybody's sessions", 1, w.stepEndAll},
		{"end all but one", 1, w.stepEndOthers},
		{"disable or enable a user", 1, w.stepDisable},
		{"change a user's limit", 1, w.stepLimit},
		{"sweep", 2, w.stepSweep},
		{"write activity", 2, w.stepFlush},
		{"a moment passes", 6, w.stepMoment},
		{"a long time passes", 2, w.stepLongTime},
		{"time goes to a session's end", 1, w.stepEdge},
		{"refresh until it expires", 2, w.stepUntilExpiry},
		{"issue a code", 8, w.stepCode},
		{"redeem a code", 3, w.stepRedeem},
		{"redeem a code again", 1, w.stepRedeemAgain},
		{"redeem another's code", 1, w.stepRedeemStolen},
		{"refresh", 10, w.stepRefresh},
		{"refresh one behind", 4, w.stepRefreshBehind},
		{"ask for a lost answer", 2, w.stepLostAnswer},
		{"refresh two behind", 3, w.stepRefreshOld},
		{"refresh ahead", 2, w.stepRefreshAhead},
		{"refresh by another client", 1, w.stepRefreshStolen},
		{"revoke a refresh token", 1, w.stepRevokeRefresh},
		{"revoke an access token", 1, w.stepRevokeAccess},
		{"introspect a refresh token", 2, w.stepIntrospectRefresh},
		{"introspect an access token", 4, w.stepIntrospectAccess},
		{"grant consent", 2, w.stepConsent},
		{"withdraw consent", 2, w.stepWithdraw},
		{"withdraw consent of a code", 1, w.stepWithdrawUnderWay},
		{"remember how all stands", 2, w.stepRemember},
	}
}

// nothing ends a step that finds nothing to act on.
type nothing struct{}

func took(step func()) (did bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(nothing); !ok {
				panic(r)
			}
		}
	}()
	step()
	return true
}

// pick draws one of a list, each as likely as any other: rapid's own numbers are rather small ones.
func pick[T any](rt *rapid.T, what string, list []T) T {
	if len(list) == 0 {
		panic(nothing{})
	}
	if len(list) == 1 {
		return list[0]
	}
	return list[rapid.Custom(func(rt *rapid.T) int {
		n := 0
		for range bits.Len(uint(len(list))) + 4 {
			n <<= 1
			if rapid.Bool().Draw(rt, "bit") {
				n |= 1
			}
		}
		return n % len(list)
	}).Draw(rt, what)]
}

func filter[T any](list []T, fits func(T) bool) (out []T) {
	for _, x := range list {
		if fits(x) {
			out = append(out, x)
		}
	}
	return out
}
