package authflow_test

import (
	"net/http"
	"testing"

	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/factor"
)

// login_hint of another person than the one who is signed in leads to the accounts of the browser, one of which goes on
// without signing in again; any other hint changes nothing.
func TestLoginHint(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.person("ann@example.com"), w.person("bob@example.com")
		for hint, want := range map[string]authflow.Step{"bob@example.com": authflow.StepDone, " Bob@Example.com": authflow.StepDone,
			"ann@example.com": authflow.StepChooseAccount, "nobody@example.com": authflow.StepChooseAccount,
			"": authflow.StepDone, "bob": authflow.StepDone, "@": authflow.StepDone} {
			v := w.begin(authflow.Params{LoginHint: hint})
			v.signIn(ann)
			anns := v.current()
			v.signIn(bob)
			v.want(want)
			if hint != "ann@example.com" {
				continue
			}
			v.through(func(rw http.ResponseWriter, r *http.Request) { w.must(v.Choose(rw, r, v.load(), anns.ID)) })
			v.want(authflow.StepDone)
			if c := v.current(); c.UserID != ann.ID || c.ID != anns.ID {
				t.Errorf("%+v", c.Session)
			}
		}

		v := w.begin(authflow.Params{LoginHint: "ann@example.com"}) // who is not signed in here
		v.signIn(bob)
		v.want(authflow.StepChooseAccount)
		w.must(v.StartOver(t.Context(), v.load()))
		v.want(authflow.StepIdentify)
		v.identify("ann@example.com")
		v.prove(factor.KindPassword)
		v.want(authflow.StepDone)
		if c := v.current(); c.UserID != ann.ID {
			t.Errorf("%+v", c.Session)
		}
	})
}
