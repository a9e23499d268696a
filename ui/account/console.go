package account

import (
	"slices"
	"strings"

	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/ui/page"
)

// Whoever has a role is asked for more before anything delicate. A stolen password alone sets no authenticator up and moves
// no address, by which it would open the console; and what opens the console (factor.Administers) is not taken away by the
// mailbox.

// pathSignInAdmin asks for the factor that the console asks for, of who has one.
const pathSignInAdmin = pathSignIn + "?goal=admin"

// beginConsole sets up what the console asks for, for who has nothing of the kind yet.
func (h *Handlers) beginConsole(v *visit) error {
	if v.person.Role == "" {
		return errNotFound
	}
	list, err := h.Factors.List(v.r.Context(), v.userID())
	if err != nil {
		return err
	}
	if factor.Independent(kindsOf(list)) {
		return v.goTo(pathSignInAdmin)
	}
	return h.start(v, actConsole)
}

// back is where a change leads when it is over.
func (c *change) back() string {
	if c.Act == actConsole {
		return page.PathAdmin
	}
	return page.PathSecurity
}

// freshWithRole tells whether the session, which was proved a moment ago, was proved by as much as toProveWithRole asks for.
func (h *Handlers) freshWithRole(v *visit, list []factor.Info) (bool, error) {
	if factor.Independent(kindsOf(list)) {
		return h.Factors.Administers(v.r.Context(), v.userID(), v.current.ACR, v.current.AMR, v.current.AuthenticatedAt.Time)
	}
	proved := provedOf(v.current)
	return len(proved) > 0 && len(toProveWithRole(proved, list)) == 0, nil
}

// toProveWithRole is toProve for somebody with a role: two factors of which neither rests on the mailbox, or, while they have
// set none of that kind up, the mailbox beside the password.
func toProveWithRole(proved []factor.Kind, list []factor.Info) (kinds []factor.Kind) {
	set := kindsOf(list)
	switch {
	case !factor.Independent(set) && slices.Contains(proved, factor.KindEmail), factor.MultiFactor(proved...):
		if has(list, factor.KindPassword) && !slices.Contains(proved, factor.KindPassword) {
			return []factor.Kind{factor.KindPassword}
		}
		return nil
	case !factor.Independent(set):
		return []factor.Kind{factor.KindEmail}
	}
	for _, k := range []factor.Kind{factor.KindTOTP, factor.KindSMS, factor.KindRecovery} {
		if slices.Contains(set, k) {
			kinds = append(kinds, k)
		}
	}
	return factor.SecondFactors(proved, kinds)
}

// provedOf reads from a session that was not proved by two independent factors what it was proved by: "otp" without "mfa" is
// a code by mail (factor.AMR).
func provedOf(current *session.Current) (proved []factor.Kind) {
	amr := strings.Fields(current.AMR)
	if slices.Contains(amr, "pwd") {
		proved = append(proved, factor.KindPassword)
	}
	if slices.Contains(amr, "otp") && !slices.Contains(amr, "mfa") {
		proved = append(proved, factor.KindEmail)
	}
	return proved
}

// stepUpWith adds what was just set up, and thereby proved, to what the session rests on. The console opens with it at once.
func (h *Handlers) stepUpWith(v *visit, kind factor.Kind) error {
	proved := provedOf(v.current)
	if len(proved) == 0 || slices.Contains(strings.Fields(v.current.AMR), "mfa") { // it rests on as much already
		return nil
	}
	proved = append(proved, kind)
	return h.stepUp(v, session.Proof{ACR: factor.ACR(proved...), AMR: strings.Join(factor.AMR(proved...), " ")})
}

func kindsOf(list []factor.Info) (kinds []factor.Kind) {
	for _, i := range list {
		kinds = append(kinds, i.Kind)
	}
	return kinds
}
