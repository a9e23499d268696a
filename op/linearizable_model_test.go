package op_test

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

type callKind string

const (
	callRotate     callKind = "refresh"
	callKeep       callKind = "refresh, keeping the token"
	callAskAccess  callKind = "introspect the access token"
	callAskRefresh callKind = "introspect the refresh token"
	callRevoke     callKind = "revoke"
	callEnd        callKind = "end the session"
	callEndUser    callKind = "end the user's sessions"
)

// call is what is asked: of which family, the first of which rotates, and with which generation.
type call struct {
	kind      callKind
	family    int
	presented int64
}

// outcome is the answer: whether it is a success, or active, and the generation of the refresh token given back.
type outcome struct {
	ok        bool
	successor int64
}

// standingOf is one session with two families.
type standingOf struct {
	ended      bool
	revoked    [2]bool
	generation int64
}

// revocation is what one call after the other would be answered. No time passes, so the generation before the current one
// always gets the same successor again.
var revocation = porcupine.Model{
	Init: func() any { return standingOf{generation: 1} },
	Step: func(state, input, output any) (bool, any) {
		s, c, got := state.(standingOf), input.(call), output.(outcome)
		live := !s.ended && !s.revoked[c.family]
		want := outcome{ok: live}
		switch c.kind {
		case callRotate:
			switch {
			case !live:
			case c.presented >= s.generation: // ahead: a crash lost the last rotation
				s.generation = c.presented + 1
				want.successor = s.generation
			case c.presented == s.generation-1:
				want.successor = s.generation
			default: // RFC 9700 4.14.2: reuse
				want.ok, s.revoked[c.family] = false, true
			}
		case callKeep:
			if live {
				want.successor = 1
			}
		case callAskRefresh:
			want.ok = live && c.presented >= s.generation
		case callRevoke:
			want.ok, s.revoked[c.family] = true, true
		case callEnd, callEndUser:
			want.ok, s.ended = true, true
		}
		return got == want, s
	},
}

// The checker itself: what must not happen is found, and what may is not.
func TestTheCheckerOfHistories(t *testing.T) {
	type op struct {
		from, to int64
		in       call
		out      outcome
	}
	ended, revoked := op{10, 20, call{kind: callEnd}, outcome{ok: true}}, op{10, 20, call{kind: callRevoke}, outcome{ok: true}}
	rotate := func(from, to, presented, successor int64) op {
		return op{from, to, call{kind: callRotate, presented: presented}, outcome{successor > 0, successor}}
	}
	for name, x := range map[string]struct {
		want bool
		ops  []op
	}{
		"refreshed after the end":              {false, []op{ended, rotate(21, 30, 1, 2)}},
		"refreshed after the user's end":       {false, []op{{10, 20, call{kind: callEndUser}, outcome{ok: true}}, rotate(21, 30, 1, 2)}},
		"refreshed while it was ending":        {true, []op{ended, rotate(15, 30, 1, 2)}},
		"ended for one, alive for the next":    {false, []op{ended, rotate(11, 12, 1, 0), rotate(13, 14, 1, 2)}},
		"kept its token after the end":         {false, []op{ended, {21, 30, call{kind: callKeep, family: 1}, outcome{true, 1}}}},
		"active after the end":                 {false, []op{ended, {21, 30, call{kind: callAskAccess}, outcome{ok: true}}}},
		"refreshed after the revocation":       {false, []op{revoked, rotate(21, 30, 1, 2)}},
		"the other family goes on":             {true, []op{revoked, {21, 30, call{kind: callKeep, family: 1}, outcome{true, 1}}}},
		"the other family goes too":            {false, []op{revoked, {21, 30, call{kind: callAskAccess, family: 1}, outcome{}}}},
		"refused for no reason":                {false, []op{rotate(1, 2, 1, 0)}},
		"two successors":                       {false, []op{rotate(1, 9, 1, 2), rotate(1, 9, 1, 3)}},
		"the same successor again":             {true, []op{rotate(1, 9, 1, 2), rotate(1, 9, 1, 2)}},
		"reuse that got something":             {false, []op{rotate(1, 2, 1, 2), rotate(3, 4, 2, 3), rotate(5, 6, 1, 3)}},
		"reuse that left the family":           {false, []op{rotate(1, 2, 1, 2), rotate(3, 4, 2, 3), rotate(5, 6, 1, 0), rotate(7, 8, 3, 4)}},
		"reuse that ended the family":          {true, []op{rotate(1, 2, 1, 2), rotate(3, 4, 2, 3), rotate(5, 6, 1, 0), rotate(7, 8, 3, 0)}},
		"an old token active beside a new one": {false, []op{rotate(1, 2, 1, 2), {3, 4, call{kind: callAskRefresh, presented: 1}, outcome{ok: true}}}},
	} {
		t.Run(name, func(t *testing.T) {
			var list []porcupine.Operation
			for i, o := range x.ops {
				list = append(list, porcupine.Operation{ClientId: i, Input: o.in, Output: o.out, Call: o.from, Return: o.to})
			}
			if got := porcupine.CheckOperations(revocation, list); got != x.want {
				t.Errorf("linearizable: %t", got)
			}
		})
	}
}
