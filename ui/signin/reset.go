package signin

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// lost is a password about to be set anew.
type lost struct {
	token  string
	reset  factor.Reset
	person *user.Person
}

// openReset reads the link that the request came by: ErrGone for one that opens nothing.
func (h *Handlers) openReset(r *http.Request) (l lost, err error) {
	l.token = r.PathValue("token")
	l.reset, err = h.Factors.OpenReset(r.Context(), l.token)
	if err == nil {
		l.person, err = h.Users.Person(r.Context(), l.reset.UserID)
	}
	if errors.Is(err, factor.ErrSpent) || errors.Is(err, storage.ErrNotFound) ||
		err == nil && l.person.Status != storage.UserActive {
		return l, authflow.ErrGone
	}
	return l, err
}

// resetForm asks for the new password. Looking at it does not use the link up: programs that check mail look, too.
func (h *Handlers) resetForm(w http.ResponseWriter, r *http.Request) {
	l, err := h.openReset(r)
	if err == nil {
		err = h.Pages.Render(w, r, http.StatusOK, h.resetPasswordPage(l, nil))
	}
	if err != nil {
		h.resetFailed(w, r, err)
	}
}

func (h *Handlers) resetPasswordPage(l lost, faults page.Errors) page.Page {
	p := page.ResetPassword{Form: page.Form{Action: pathReset + "/" + l.token, Errors: faults}, Email: l.person.Email,
		MinLength: h.MinPassword, Invited: l.reset.Invited}
	if l.person.Locale != "" {
		p.Locales = []string{l.person.Locale}
	}
	return p
}

func (h *Handlers) resetFailed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, authflow.ErrGone) {
		h.error(w, r, http.StatusGone, page.Error{Kind: page.ErrorExpired, Back: page.Link{URL: pathReset, Label: page.StartOver}})
		return
	}
	h.fail(w, r, err)
}

// reset sets the new password, ends every session of the user, and goes on with the sign-in that it was asked for in, or
// with one of our own where that is over or belongs to another browser.
func (h *Handlers) reset(w http.ResponseWriter, r *http.Request) {
	form, err := httpx.ReadForm(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	l, err := h.openReset(r)
	if err != nil {
		h.resetFailed(w, r, err)
		return
	}
	if err := h.setPassword(r, l, form.Get("password")); err != nil {
		if errors.Is(err, factor.ErrSpent) {
			err = authflow.ErrGone
		}
		if errors.Is(err, authflow.ErrGone) {
			h.resetFailed(w, r, err)
			return
		}
		h.refused(w, r, err, func(faults page.Errors) page.Page { return h.resetPasswordPage(l, faults) })
		return
	}
	flowID, err := h.goOn(w, r, l)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	seeOther(w, r, flowURL(flowID))
}

func (h *Handlers) setPassword(r *http.Request, l lost, typed string) error {
	ctx := r.Context()
	if typed == "" {
		return refuse("password", page.Required)
	}
	password, err := h.Factors.AcceptPassword(ctx, typed, l.person.EmailValue, l.person.Name)
	if err != nil {
		return h.unacceptable(err)
	}
	userID := l.person.ID
	err = h.Store.Tx(ctx, func(tx *storage.Store) error {
		if _, err := h.Factors.FinishReset(ctx, tx, l.token, password); err != nil {
			return err
		}
		err := audit.Write(ctx, tx, audit.Event{Kind: audit.PasswordReset, At: h.Clock.Now(), UserID: userID, By: userID})
		if err != nil {
			return err
		}
		return h.Door.EndUserNow(ctx, tx, userID, "",
			logout.Cause{Status: storage.StatusRevoked, Reason: logout.PasswordChanged, By: userID})
	})
	if err != nil {
		return err
	}
	h.tell(r, nil, userID, delivery.PasswordChanged, h.base+page.PathSecurity)
	return nil
}

// goOn counts the mailbox as proved, and nothing else: whoever reads it has just chosen the password.
func (h *Handlers) goOn(w http.ResponseWriter, r *http.Request, l lost) (flowID string, err error) {
	flow := h.resetFlow(r, l.reset.FlowID)
	if flow == nil {
		flow, err = h.Flows.Begin(r.Context(), authflow.Params{Goal: authflow.GoalAccount}, h.Sessions.Browser(w, r))
		if err != nil {
			return "", err
		}
	}
	flow.Progress = authflow.Progress{Email: l.person.Email, Identified: true, UserID: l.person.ID, PasswordSet: true}
	err = h.Flows.Prove(w, r, flow, factor.KindEmail)
	if errors.Is(err, authflow.ErrStale) || errors.Is(err, authflow.ErrNobody) {
		err = nil
	}
	return flow.ID, err
}

// refused shows a page again with what was refused, for pages outside a flow.
func (h *Handlers) refused(w http.ResponseWriter, r *http.Request, err error, again func(page.Errors) page.Page) {
	var no *refusal
	if !errors.As(err, &no) {
		h.fail(w, r, err)
		return
	}
	if no.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(no.retry))
	}
	if err := h.Pages.Render(w, r, no.status, again(no.faults)); err != nil {
		h.fail(w, r, err)
	}
}
