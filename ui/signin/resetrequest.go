package signin

import (
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// resetFlow returns the sign-in in which a new password is asked for; nil where there is none of this browser.
func (h *Handlers) resetFlow(r *http.Request, flowID string) *authflow.Flow {
	flow, err := h.Flows.Load(r.Context(), flowID, h.Sessions.KnownBrowser(r))
	if err != nil {
		return nil
	}
	return flow
}

// resetRequest asks whose password is lost.
func (h *Handlers) resetRequest(w http.ResponseWriter, r *http.Request) {
	q, err := httpx.ParseQuery(r.URL.RawQuery)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	p := resetPage(h.resetFlow(r, q.Get("flow")))
	if err := h.Pages.Render(w, r, http.StatusOK, p); err != nil {
		h.fail(w, r, err)
	}
}

func resetPage(flow *authflow.Flow) page.ResetRequest {
	p := page.ResetRequest{Form: page.Form{Action: pathReset}, BackURL: "/signin"}
	if flow != nil {
		p.Locales, p.Email = flow.UILocales, flow.Email
		p.Action, p.BackURL = pathReset+"?flow="+flow.ID, flowURL(flow.ID)
	}
	return p
}

// requestReset sends a link to the address, and says so whether or not there is an account.
func (h *Handlers) requestReset(w http.ResponseWriter, r *http.Request) {
	form, err := httpx.ReadForm(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	q, err := httpx.ParseQuery(r.URL.RawQuery)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	flow := h.resetFlow(r, q.Get("flow"))
	p := resetPage(flow)
	p.Email = form.Get("email")
	email, err := user.NormalizeEmail(p.Email)
	if err != nil {
		err = refuse("email", page.EmailMalformed)
	} else {
		err = h.sendReset(r, flow, email)
	}
	if err != nil {
		h.refused(w, r, err, func(faults page.Errors) page.Page { p.Errors = faults; return p })
		return
	}
	done := page.ResetSent{Base: p.Base, Email: p.Email, BackURL: p.BackURL}
	if err := h.Pages.Render(w, r, http.StatusOK, done); err != nil {
		h.fail(w, r, err)
	}
}

func (h *Handlers) sendReset(r *http.Request, flow *authflow.Flow, email string) error {
	row, err := h.findUser(r.Context(), email)
	if err != nil {
		return err
	}
	userID, flowID := "", ""
	if row != nil {
		userID = row.ID
	}
	if flow != nil {
		flowID = flow.ID
	}
	who, err := h.who(r, userID, email)
	if err != nil {
		return err
	}
	list, err := h.Store.Identifiers(r.Context(), userID)
	if err != nil {
		return err
	}
	token, err := h.Factors.StartReset(r.Context(), who, email, flowID)
	if err != nil {
		return delayed(err)
	}
	if row == nil {
		return h.mail(r, flow, delivery.UnknownAddress, email, delivery.Facts{})
	}
	for _, i := range list {
		if i.Kind == storage.IdentifierEmail && i.Value == email && i.VerifiedAt.Set() && row.Status == storage.UserActive {
			return h.mail(r, flow, delivery.ResetPassword, email,
				delivery.Facts{URL: h.base + pathReset + "/" + token, TTL: factor.ResetTTL})
		}
	}
	return nil
}
