package signin

import (
	"errors"
	"net/http"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// signUpPage asks for what a new account needs. It may be opened at any step.
func (h *Handlers) signUpPage(v *visit, faults page.Errors) (page.Page, error) {
	if !h.SignUpEnabled {
		h.nothingHere(v.w, v.r)
		return nil, nil
	}
	email, name := v.flow.Email, ""
	if s := v.flow.SignUp; s != nil {
		email, name = s.Email, s.Name
	}
	base, err := h.welcome(v)
	if err != nil {
		return nil, err
	}
	return page.SignUp{Base: base, Form: page.Form{Action: pathSignUp + v.flow.ID, Errors: faults}, App: v.app(),
		Email: v.typed("email", email), Name: v.typed("name", name), MinLength: h.MinPassword,
		SignInURL: v.url("identify"), TermsURL: h.TermsURL, PolicyURL: h.PolicyURL}, nil
}

// signUp keeps in the flow what was entered and sends a code to the address. Whether somebody has the address already is
// told to nobody but its mailbox.
func (h *Handlers) signUp(v *visit) error {
	if !h.SignUpEnabled {
		return authflow.ErrGone
	}
	typed := v.form.Get("email")
	email, err := user.NormalizeEmail(typed)
	faults := page.Errors{}
	if err != nil {
		faults["email"] = page.Msg(page.EmailMalformed)
	}
	if typed == "" {
		faults["email"] = page.Msg(page.Required)
	}
	name, err := user.NormalizeName(v.form.Get("name"))
	if err != nil {
		faults["name"] = page.Msg(page.NameTooLong)
	}
	if !v.form.Has("password") {
		faults["password"] = page.Msg(page.Required)
	}
	if len(faults) > 0 {
		return &refusal{status: http.StatusUnprocessableEntity, faults: faults}
	}
	password, err := h.Factors.AcceptPassword(v.ctx, v.form.Get("password"), email, name)
	if err != nil {
		return h.unacceptable(err)
	}
	v.flow.Progress = authflow.Progress{SignUp: &authflow.SignUp{Email: typed, Name: name, Password: password}}
	err = h.sendVerification(v)
	if err == nil {
		v.w.Header().Set("Location", flowURL(v.flow.ID))
	}
	return err
}

// sendVerification sends the code for the address of an account in the making. An address that has an account gets the
// news that somebody tried: no code for it is sent anywhere, so the page that asks for one never goes on.
func (h *Handlers) sendVerification(v *visit) error {
	email, err := user.NormalizeEmail(v.flow.SignUp.Email)
	if err != nil {
		return err
	}
	taken, err := h.findUser(v.ctx, email)
	if err != nil {
		return err
	}
	who, err := h.who(v.r, "", email)
	if err != nil {
		return err
	}
	c, code, err := h.Factors.StartCode(v.ctx, who, factor.KindEmail, factor.PurposeVerify, email)
	if err != nil {
		return delayed(err)
	}
	v.flow.Method, v.flow.Challenge = factor.KindEmail, &c
	if err := h.Flows.Save(v.ctx, v.flow); err != nil {
		return err
	}
	if taken != nil {
		return h.mail(v.r, v.flow, delivery.SignUpAttempt, email, delivery.Facts{URL: h.base + "/signin"})
	}
	return h.mail(v.r, v.flow, delivery.VerifyEmail, email, delivery.Facts{Code: code, TTL: factor.CodeTTL})
}

// verifyPage asks for the code that was sent to the address of an account in the making.
func (h *Handlers) verifyPage(v *visit, faults page.Errors) (page.Page, error) {
	if v.flow.Challenge == nil {
		return h.signUpPage(v, faults)
	}
	base, form, again := h.codeParts(v, faults)
	return page.VerifyEmail{Base: base, Form: form, App: v.app(), Sent: v.flow.SignUp.Email,
		ChangeURL: pathSignUp + v.flow.ID, Resend: again}, nil
}

// createUser makes the account whose address was just verified. What that proves is the mailbox: a password chosen a
// moment ago by whoever reads it says nothing more (package factor).
func (h *Handlers) createUser(v *visit) error {
	s := v.flow.SignUp
	var row *storage.User
	err := h.Store.Tx(v.ctx, func(tx *storage.Store) (err error) {
		row, err = h.Users.Create(v.ctx, tx, user.NewUser{Email: s.Email, Name: s.Name, Kind: audit.SignedUp})
		if err != nil {
			return err
		}
		return h.Factors.StorePassword(v.ctx, tx, row.ID, s.Password)
	})
	if errors.Is(err, user.ErrTaken) { // a code for it was guessed, or two signed up at once
		return h.unproved(v, factor.KindEmail, "code", page.CodeWrong, factor.ErrWrong)
	}
	if err != nil {
		return err
	}
	v.flow.Progress = authflow.Progress{Email: s.Email, Identified: true, UserID: row.ID, PasswordSet: true}
	return h.proved(v, factor.KindEmail, "code", page.CodeWrong)
}
