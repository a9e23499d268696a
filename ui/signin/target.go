package signin

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// target returns where a code goes for the step, and how the page may show that. As a first factor it is the address that
// was typed, shown as typed: what is in the account is not told to who has proved nothing. As a second factor it is what
// the user set up, or else the account's own address, masked.
func (h *Handlers) target(v *visit, kind factor.Kind) (to, shown string, err error) {
	if v.step == authflow.StepFirstFactor && v.flow.Identified {
		to, err = user.NormalizeEmail(v.flow.Email)
		return to, v.flow.Email, err
	}
	list, err := h.Factors.List(v.ctx, v.flow.UserID)
	if err != nil {
		return "", "", err
	}
	for _, f := range list {
		if f.Kind == kind && f.Label != "" {
			return f.Label, mask(f.Label), nil
		}
	}
	if kind != factor.KindEmail {
		return "", "", nil
	}
	person, err := h.Users.Person(v.ctx, v.flow.UserID)
	if errors.Is(err, storage.ErrNotFound) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	return person.EmailValue, mask(person.EmailValue), nil
}

// mask leaves of an address what its owner knows it by: "u•••@example.com", "••• ••12".
func mask(target string) string {
	local, domain, ok := strings.Cut(target, "@")
	if !ok {
		return "••• ••" + target[max(0, len(target)-2):]
	}
	first, _ := utf8.DecodeRuneInString(local)
	return string(first) + "•••@" + domain
}

// receives tells whether a code for the flow's user may be sent to an address: it has to be theirs and verified. Whoever
// put somebody else's address on their account must not have that person sign in to it.
func (h *Handlers) receives(v *visit, kind factor.Kind, to string) (bool, error) {
	row, err := h.Store.User(v.ctx, v.flow.UserID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return false, err
	}
	active := err == nil && row.Status == storage.UserActive
	if kind == factor.KindSMS { // the number of a factor was verified when it was set up
		return active, nil
	}
	list, err := h.Store.Identifiers(v.ctx, v.flow.UserID)
	if err != nil {
		return false, err
	}
	for _, i := range list {
		if i.Kind == storage.IdentifierEmail && i.Value == to && i.VerifiedAt.Set() {
			return active, nil
		}
	}
	return false, nil
}

// stillReaches tells whether a code that was sent went to where the user has codes sent to now. Somebody who replaced an
// address or a number, perhaps because another reads what goes to it, is done with the old one at once.
func (h *Handlers) stillReaches(v *visit, c factor.Challenge) (bool, error) {
	if c.Kind != factor.KindSMS {
		return h.receives(v, c.Kind, c.Target)
	}
	list, err := h.Factors.List(v.ctx, c.UserID)
	return slices.ContainsFunc(list, func(i factor.Info) bool { return i.Kind == c.Kind && i.Label == c.Target }), err
}
