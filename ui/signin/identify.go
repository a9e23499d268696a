package signin

import (
	"errors"

	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/ui/page"
)

// identifierPage asks who it is. It may be opened at any step: somebody else wants to sign in.
func (h *Handlers) identifierPage(v *visit, faults page.Errors) (page.Page, error) {
	base, err := h.welcome(v)
	if err != nil {
		return nil, err
	}
	p := page.Identifier{Base: base, Form: page.Form{Action: v.url("identify"), Errors: faults}, App: v.app(),
		Email: v.typed("email", v.flow.Email)}
	if h.SignUpEnabled {
		p.SignUpURL = pathSignUp + v.flow.ID
	}
	list, err := h.Sessions.OnDevice(v.r)
	if len(list) > 0 {
		p.BackURL = v.url("choose")
	}
	return p, err
}

// identify takes any address that mail could be sent to, whoever has it.
func (h *Handlers) identify(v *visit) error {
	if !v.form.Has("email") {
		return refuse("email", page.Required)
	}
	err := h.Flows.Identify(v.ctx, v.flow, v.form.Get("email"))
	if errors.Is(err, user.ErrEmail) {
		return refuse("email", page.EmailMalformed)
	}
	return err
}

// restart forgets who is signing in.
func (h *Handlers) restart(v *visit) error { return h.Flows.StartOver(v.ctx, v.flow) }
