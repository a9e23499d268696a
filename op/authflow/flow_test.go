package authflow_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/consent"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// factors says what users have set up; nil for a password alone.
type factors map[string][]factor.Kind

func (f factors) Kinds(_ context.Context, userID string) ([]factor.Kind, error) {
	if list, ok := f[userID]; ok {
		return list, nil
	}
	return []factor.Kind{factor.KindPassword}, nil
}

func (f factors) Administers(_ context.Context, userID, acr, amr string, _ time.Time) (bool, error) {
	return acr == factor.ACRMulti && slices.Contains(strings.Fields(amr), "mfa") && factor.Independent(f[userID]), nil
}

type world struct {
	testing.TB
	*authflow.Flows
	store    *storage.Store
	clock    *clock.Fake
	sessions *session.Sessions
	users    *user.Users
	factors  factors
}

func each(t *testing.T, fn func(*testing.T, *world)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, store *storage.Store) { fn(t, newWorld(t, store)) })
}

func newWorld(t *testing.T, store *storage.Store) *world {
	t.Helper()
	c := clock.NewFake(start)
	clients := client.NewRegistry(store, c)
	w := &world{TB: t, store: store, clock: c, users: user.New(store, c), factors: factors{}}
	door := logout.NewDoor(store, clients, c)
	w.sessions = session.New(store, c, session.NewActivity(store, c), door, session.Options{Secure: true})
	w.Flows = authflow.New("https://id.example.com", store, c, clients, w.sessions,
		consent.New(store, door, c), w.factors)
	for clientID, skip := range map[string]bool{"web": true, "asking": false} {
		_, _, err := clients.Register(t.Context(), store, clientID, client.Metadata{SkipConsent: skip, RedirectURIs: []string{"https://rp.example.com/cb"}})
		w.must(err)
	}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) person(email string) *storage.User {
	w.Helper()
	u, err := w.users.Create(w.Context(), w.store, user.NewUser{Email: email, Kind: audit.SignedUp})
	w.must(err)
	return u
}

// visit is a browser on its way through a flow.
type visit struct {
	*world
	cookies map[string]string
	id      string
}

func (w *world) begin(p authflow.Params) *visit {
	w.Helper()
	if p.ClientID == "" {
		p.ClientID = "web"
	}
	p.RedirectURI, p.State = "https://rp.example.com/cb", "st"
	v := &visit{world: w, cookies: map[string]string{}}
	v.through(func(rw http.ResponseWriter, r *http.Request) {
		flow, err := w.Begin(r.Context(), p, w.sessions.Browser(rw, r))
		w.must(err)
		v.id = flow.ID
	})
	return v
}

func (v *visit) request() *http.Request {
	r := httptest.NewRequest("GET", "https://id.example.com/", nil)
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func (v *visit) through(fn func(http.ResponseWriter, *http.Request)) {
	rec := httptest.NewRecorder()
	fn(rec, v.request())
	for _, c := range rec.Result().Cookies() {
		v.cookies[c.Name] = c.Value
	}
}

func (v *visit) load() *authflow.Flow {
	v.Helper()
	flow, err := v.Load(v.Context(), v.id, v.sessions.KnownBrowser(v.request()))
	v.must(err)
	return flow
}

func (v *visit) current() *session.Current {
	v.Helper()
	c, err := v.sessions.Current(v.request())
	if !errors.Is(err, session.ErrNone) {
		v.must(err)
	}
	return c
}

func (v *visit) want(step authflow.Step) {
	v.Helper()
	if got, err := v.Next(v.Context(), v.load(), v.current()); err != nil || got != step {
		v.Fatalf("step %s, %v, want %s", got, err, step)
	}
}

func (v *visit) identify(email string) { v.Helper(); v.must(v.Identify(v.Context(), v.load(), email)) }

func (v *visit) prove(kind factor.Kind) {
	v.Helper()
	v.through(func(w http.ResponseWriter, r *http.Request) { v.must(v.Prove(w, r, v.load(), kind)) })
}

// signIn signs a user in beside the flow, as another tab does.
func (v *visit) signIn(u *storage.User) {
	v.Helper()
	v.through(func(w http.ResponseWriter, r *http.Request) {
		_, err := v.sessions.Start(w, r, u, session.Proof{ACR: factor.ACRSingle, AMR: "pwd"})
		v.must(err)
	})
}

// finish answers the flow and returns the error that the client gets, "" with a code.
func (v *visit) finish() string {
	v.Helper()
	a, err := v.Finish(v.Context(), v.load(), v.current())
	v.must(err)
	if a.Values.Get("state") != "st" || a.Values.Get("iss") != "https://id.example.com" || a.Values.Has("code") == a.Values.Has("error") {
		v.Fatalf("answer %v", a.Values)
	}
	if _, err := v.Load(v.Context(), v.id, v.sessions.KnownBrowser(v.request())); !errors.Is(err, authflow.ErrGone) {
		v.Fatalf("an answered flow: %v", err)
	}
	return a.Values.Get("error")
}

func TestPasswordSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.person("user@example.com")
		v := w.begin(authflow.Params{})
		v.want(authflow.StepIdentify)
		v.identify("User@Example.com")
		v.want(authflow.StepFirstFactor)
		v.prove(factor.KindPassword)
		v.want(authflow.StepDone)
		if c := v.current(); c.ACR != factor.ACRSingle || c.AMR != "pwd" {
			t.Errorf("%+v", c.Session)
		}
		if got := v.finish(); got != "" {
			t.Error(got)
		}
	})
}

// One factor of a user who has two starts no session.
func TestSecondFactorIsNotSkipped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.person("user@example.com")
		w.factors[u.ID] = []factor.Kind{factor.KindPassword, factor.KindTOTP}
		v := w.begin(authflow.Params{})
		v.identify("user@example.com")
		v.prove(factor.KindPassword)
		v.want(authflow.StepSecondFactor)
		v.prove(factor.KindPassword) // the same once more
		v.want(authflow.StepSecondFactor)
		if v.current() != nil {
			t.Fatal("a session after one factor")
		}
		v.prove(factor.KindTOTP)
		v.want(authflow.StepDone)
		if c := v.current(); c.ACR != factor.ACRMulti {
			t.Errorf("%+v", c.Session)
		}
	})
}

// Whether somebody has an account cannot be seen from the steps; and nothing can be proved for nobody.
func TestUnknownAddressesGoTheSameWay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := w.begin(authflow.Params{})
		v.identify("nobody@example.com")
		v.want(authflow.StepFirstFactor)
		if err := v.Prove(httptest.NewRecorder(), v.request(), v.load(), factor.KindPassword); !errors.Is(err, authflow.ErrNobody) {
			t.Errorf("proved: %v", err)
		}
		u := w.person("user@example.com")
		u.Status = storage.UserDisabled
		w.must(w.store.UpdateUser(t.Context(), u))
		v.identify("user@example.com")
		v.want(authflow.StepFirstFactor)
		if err := v.Prove(httptest.NewRecorder(), v.request(), v.load(), factor.KindPassword); !errors.Is(err, authflow.ErrNobody) {
			t.Errorf("a disabled user: %v", err)
		}
	})
}

// prompt=login and max_age=0 want a proof, and are content with one.
func TestProvingAgainIsAskedForOnce(t *testing.T) {
	zero := int64(0)
	for name, p := range map[string]authflow.Params{"prompt=login": {Prompt: []string{"login"}}, "max_age=0": {MaxAge: &zero}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, storagetest.Open(t, storagetest.SQLite(t)))
			u := w.person("user@example.com")
			v := w.begin(p)
			v.signIn(u)
			before := v.current()
			v.want(authflow.StepFirstFactor)
			w.clock.Advance(time.Minute)
			v.identify("user@example.com")
			v.prove(factor.KindPassword)
			w.clock.Advance(time.Minute)
			v.want(authflow.StepDone)
			if c := v.current(); c.ID != before.ID || !c.AuthenticatedAt.Equal(start.Add(time.Minute)) {
				t.Errorf("%+v", c.Session)
			}
			if got := v.finish(); got != "" {
				t.Error(got)
			}
		})
	}
}

// OpenID Connect Core 5.5.1.1: what was insisted on and could not be proved is a failed authentication, not a code.
func TestEssentialACRThatIsNotMetIsAnError(t *testing.T) {
	w := newWorld(t, storagetest.Open(t, storagetest.SQLite(t)))
	w.person("user@example.com")
	for _, c := range []struct {
		values    []string
		essential bool
		want      string
	}{{[]string{"unknown"}, true, "unmet_authentication_requirements"}, {[]string{"unknown"}, false, ""}, {[]string{factor.ACRSingle}, true, ""}} {
		v := w.begin(authflow.Params{ACRValues: c.values, ACREssential: c.essential})
		v.identify("user@example.com")
		v.prove(factor.KindPassword)
		v.want(authflow.StepDone)
		if got := v.finish(); got != c.want {
			t.Errorf("%v essential %v: %q, want %q", c.values, c.essential, got, c.want)
		}
	}
	v := w.begin(authflow.Params{ACRValues: []string{factor.ACRMulti}, ACREssential: true})
	v.identify("user@example.com")
	v.prove(factor.KindPassword)
	v.want(authflow.StepSecondFactor)
	v.prove(factor.KindEmail)
	v.want(authflow.StepDone)
	if got := v.finish(); got != "" {
		t.Errorf("met by a code by mail: %q", got)
	}
}

// Core 3.1.2.1: where another than the hint's user proves who they are, the client gets an error and no code.
func TestAnotherUserThanTheHint(t *testing.T) {
	w := newWorld(t, storagetest.Open(t, storagetest.SQLite(t)))
	u := w.person("user@example.com")
	w.person("other@example.com")
	v := w.begin(authflow.Params{HintSubject: u.ID})
	v.identify("other@example.com")
	v.prove(factor.KindPassword)
	v.want(authflow.StepDone)
	if got := v.finish(); got != "login_required" {
		t.Error(got)
	}
}

func TestConsent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.person("user@example.com")
		v := w.begin(authflow.Params{ClientID: "asking", Scope: "openid", ClaimScope: "email"})
		v.signIn(u)
		v.want(authflow.StepConsent)
		w.must(v.Decide(t.Context(), v.load(), v.current(), true))
		v.want(authflow.StepDone)
		if row, err := w.store.Consent(t.Context(), u.ID, "asking"); err != nil || row.Scope != "email openid" {
			t.Errorf("%+v, %v", row, err)
		}
		v.signIn(w.person("other@example.com")) // in another tab: it was not them who consented
		v.want(authflow.StepConsent)

		v = w.begin(authflow.Params{ClientID: "asking", Scope: "openid profile", Prompt: []string{"consent"}})
		v.signIn(u)
		w.must(v.Decide(t.Context(), v.load(), v.current(), false))
		v.want(authflow.StepDone)
		if got := v.finish(); got != "access_denied" {
			t.Error(got)
		}
		if row, err := w.store.Consent(t.Context(), u.ID, "asking"); err != nil || row.Scope != "email openid" {
			t.Errorf("%+v, %v", row, err)
		}
	})
}

// A flow is answered once, of twenty at the same moment by one; a step that two answer counts for one.
func TestFlowIsAnsweredOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.person("user@example.com")
		v := w.begin(authflow.Params{})
		v.signIn(u)
		one, two := v.load(), v.load()
		w.must(v.StartOver(t.Context(), one))
		if err := v.StartOver(t.Context(), two); !errors.Is(err, authflow.ErrStale) {
			t.Errorf("a step answered twice: %v", err)
		}
		current := v.current()
		var codes atomic.Int32
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for range 20 {
			flow := v.load()
			wg.Go(func() {
				<-begin
				a, err := v.Finish(t.Context(), flow, current)
				if err == nil && a.Values.Has("code") {
					codes.Add(1)
				} else if !errors.Is(err, authflow.ErrGone) {
					t.Errorf("%v, %v", a, err)
				}
			})
		}
		close(begin)
		wg.Wait()
		if codes.Load() != 1 {
			t.Fatalf("%d codes", codes.Load())
		}
	})
}
