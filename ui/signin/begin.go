package signin

import (
	"net/http"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/factor"
)

// begin starts a sign-in to curfew itself. Where it leads is one of the goals by name, never a URL: a link must not be
// able to send people from our page to somebody else's (RFC 9700 4.11).
func (h *Handlers) begin(w http.ResponseWriter, r *http.Request) { h.beginAt(w, r, pathSignIn, false) }

func (h *Handlers) beginSignUp(w http.ResponseWriter, r *http.Request) {
	if !h.SignUpEnabled {
		h.nothingHere(w, r)
		return
	}
	h.beginAt(w, r, pathSignUp, true)
}

func (h *Handlers) beginAt(w http.ResponseWriter, r *http.Request, path string, create bool) {
	if r.Method == http.MethodHead {
		h.nothingHere(w, r)
		return
	}
	q, err := httpx.ParseQuery(r.URL.RawQuery)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	p := authflow.Params{Goal: authflow.GoalAccount, Create: create}
	if locales := q.Get("ui_locales"); len(locales) <= 254 {
		p.UILocales = strings.Fields(locales)
	}
	if goal := authflow.Goal(q.Get("goal")); goal == authflow.GoalAdmin || goal == authflow.GoalImpersonate {
		p.Goal = goal
	}
	if p.Goal == authflow.GoalAdmin { // the console wants two factors
		p.ACRValues = []string{factor.ACRMulti}
	}
	if hint := q.Get("login_hint"); len(hint) <= 254 {
		p.LoginHint = hint
	}
	flow, err := h.Flows.Begin(r.Context(), p, h.Sessions.Browser(w, r))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	seeOther(w, r, path+flow.ID)
}
