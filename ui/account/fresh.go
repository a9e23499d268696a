package account

import (
	"slices"
	"time"

	"github.com/curfew-id/curfew/op/factor"
)

// freshFor is how long an authentication is good for something delicate.
const freshFor = 10 * time.Minute

// fresh tells whether the person has proved a moment ago who they are, as well as a sign-in would have asked then: who has
// a second factor has to have proved one. Without that, changing the password (which proves the password alone) would
// open the way to removing the authenticator.
func (h *Handlers) fresh(v *visit) (bool, error) {
	at := v.current.AuthenticatedAt.Time
	if h.Clock.Now().Sub(at) > freshFor {
		return false, nil
	}
	if v.current.ACR == factor.ACRMulti && v.person.Role == "" {
		return true, nil
	}
	list, err := h.Factors.List(v.r.Context(), v.userID())
	if err != nil {
		return false, err
	}
	if v.person.Role != "" {
		return h.freshWithRole(v, list)
	}
	// What was set up after the authentication could not be asked for in it.
	before := slices.DeleteFunc(slices.Clone(list), func(i factor.Info) bool {
		return i.Kind != factor.KindPassword && !i.CreatedAt.Before(at)
	})
	return !wantsTwo(before), nil
}

// wantsTwo tells whether the factors of a user can and therefore must be proved over two channels.
func wantsTwo(list []factor.Info) bool {
	set := []factor.Kind{first(list)}
	for _, i := range list {
		if i.Kind != factor.KindRecovery {
			set = append(set, i.Kind)
		}
	}
	return factor.ACR(set...) == factor.ACRMulti
}

// first is what a proof begins with: the password, or a code by mail where there is none.
func first(list []factor.Info) factor.Kind {
	if has(list, factor.KindPassword) {
		return factor.KindPassword
	}
	return factor.KindEmail
}

func has(list []factor.Info, kind factor.Kind) bool {
	return slices.ContainsFunc(list, func(i factor.Info) bool { return i.Kind == kind })
}

// toProve returns the kinds of which the person has to prove one next; none when they have proved enough.
func toProve(role string, proved []factor.Kind, list []factor.Info) []factor.Kind {
	if len(proved) == 0 {
		return []factor.Kind{first(list)}
	}
	if role != "" {
		return toProveWithRole(proved, list)
	}
	if !wantsTwo(list) || factor.ACR(proved...) == factor.ACRMulti {
		return nil
	}
	var kinds []factor.Kind
	for _, k := range []factor.Kind{factor.KindTOTP, factor.KindEmail, factor.KindSMS, factor.KindRecovery} {
		if has(list, k) {
			kinds = append(kinds, k)
		}
	}
	return factor.SecondFactors(proved, kinds)
}
