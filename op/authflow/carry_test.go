package authflow_test

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// chooses is what a page does when a person takes another way to prove: the flow is written as it was derived.
func (v *visit) chooses(kind factor.Kind) {
	v.Helper()
	flow := v.load()
	_, err := v.Next(v.Context(), flow, v.current())
	v.must(err)
	flow.Method = kind
	v.must(v.Save(v.Context(), flow))
}

// answers is what a page does with a right answer: it looks where the flow is and records the proof.
func (v *visit) answers(kind factor.Kind) {
	v.Helper()
	v.through(func(w http.ResponseWriter, r *http.Request) {
		flow := v.load()
		_, err := v.Next(v.Context(), flow, v.current())
		v.must(err)
		v.must(v.Prove(w, r, flow, kind))
	})
}

// end ends the session of the browser.
func (v *visit) end() {
	v.Helper()
	s := *v.current().Session
	s.Status, s.EndedAt = storage.StatusEnded, storage.At(v.clock.Now())
	_, err := v.store.EndSessions(v.Context(), []*storage.Session{&s}, false)
	v.must(err)
}

// The password that a session was signed in with counts in a step up as long as the session lives. After a sign-out, who
// sits down at the browser needs it again.
func TestWhatASessionProvedEndsWithIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.person("user@example.com")
		w.factors[u.ID] = []factor.Kind{factor.KindPassword, factor.KindTOTP}
		begin := func() *visit {
			v := w.begin(authflow.Params{ACRValues: []string{factor.ACRMulti}})
			v.signIn(u)
			v.want(authflow.StepSecondFactor)
			v.chooses(factor.KindTOTP)
			return v
		}
		v := begin()
		v.answers(factor.KindTOTP)
		v.want(authflow.StepDone)
		if c := v.current(); c.AMR != "pwd otp mfa" {
			t.Errorf("stepped up to %s", c.AMR)
		}

		v = begin()
		v.end()
		v.want(authflow.StepIdentify)
		v.prove(factor.KindTOTP) // as it would be if the session ended between the two
		if c := v.current(); c != nil {
			t.Fatalf("a session on %s after a sign-out", c.AMR)
		}
		v.want(authflow.StepIdentify)
	})
}

// What one account's session proved says nothing about another account of the same browser.
func TestNothingIsCarriedFromOneUserToAnother(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, second := w.person("user@example.com"), w.person("other@example.com")
		v := w.begin(authflow.Params{ACRValues: []string{factor.ACRMulti}})
		start := func(u *storage.User, amr string) {
			v.through(func(rw http.ResponseWriter, r *http.Request) {
				_, err := w.sessions.Start(rw, r, u, session.Proof{ACR: factor.ACRSingle, AMR: amr})
				w.must(err)
			})
		}
		start(first, "otp")
		v.want(authflow.StepFirstFactor)
		v.chooses(factor.KindPassword)
		start(second, "pwd")
		v.want(authflow.StepSecondFactor)
		v.answers(factor.KindEmail)
		list, err := w.store.Sessions(t.Context(), storage.SessionFilter{UserID: first.ID})
		w.must(err)
		if len(list) != 1 || list[0].ACR != factor.ACRSingle {
			t.Errorf("the first user's session stands at %s %s without their password", list[0].ACR, list[0].AMR)
		}
	})
}

// Whoever knew the old password is out, also half-way through a sign-in.
func TestReplacedPasswordDoesNotCount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.person("user@example.com")
		w.factors[u.ID] = []factor.Kind{factor.KindPassword, factor.KindTOTP}
		put := func() {
			w.must(w.store.PutPassword(t.Context(), &storage.Factor{UserID: u.ID, ID: id.New(id.Factor), Secret: []byte("x"),
				ConfirmedAt: storage.At(w.clock.Now()), CreatedAt: storage.At(w.clock.Now())}))
		}
		put()
		w.clock.Advance(time.Second)
		v := w.begin(authflow.Params{})
		v.identify("user@example.com")
		v.prove(factor.KindPassword)
		v.want(authflow.StepSecondFactor)
		w.clock.Advance(time.Second)
		put()
		v.want(authflow.StepIdentify)
	})
}

// A client's default_max_age may be any number of seconds.
func TestMaxAgeBeyondADuration(t *testing.T) {
	w := newWorld(t, storagetest.Open(t, storagetest.SQLite(t)))
	u := w.person("user@example.com")
	for _, age := range []int64{math.MaxInt64, math.MaxInt64 / int64(time.Second), 10_000_000_000} {
		v := w.begin(authflow.Params{MaxAge: &age})
		v.signIn(u)
		w.clock.Advance(time.Second)
		v.want(authflow.StepDone)
	}
}
