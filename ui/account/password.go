package account

import (
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// savePassword sets a new password.
//
//  1. The one who asks proves the present password; who has none yet, anything else that is fresh. A session alone, left
//     open or stolen, must not be enough to take the account over.
//  2. The policy decides on the new one.
//  3. One transaction stores it and ends every other session: whoever knew the old password is out.
//  4. This session goes on under a new cookie secret, and the user is told by mail.
func (h *Handlers) savePassword(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	list, err := h.Factors.List(v.r.Context(), v.userID())
	if err != nil {
		return err
	}
	set := has(list, factor.KindPassword)
	if faults := missing(form, set); faults != nil {
		return h.securityPage(v, faults)
	}
	proof := session.Proof{ACR: v.current.ACR, AMR: v.current.AMR}
	if set {
		// What the session is now known to rest on is the password alone.
		proof = session.Proof{ACR: factor.ACR(factor.KindPassword), AMR: factor.AMR(factor.KindPassword)[0]}
		faults, err := h.faults("current_password", h.check(v, nil, factor.KindPassword, form.Get("current_password")))
		if err != nil {
			return err
		}
		if faults == nil && form.Get("new_password") == form.Get("current_password") {
			faults = page.Fault("new_password", page.PasswordUnchanged)
		}
		if faults != nil {
			return h.securityPage(v, faults)
		}
	} else if fresh, err := h.fresh(v); err != nil || !fresh {
		if err != nil {
			return err
		}
		return h.start(v, actPassword)
	}
	accepted, err := h.Factors.AcceptPassword(v.r.Context(), form.Get("new_password"), v.person.Email, v.person.EmailValue, v.person.Name)
	faults, err := h.faults("new_password", err)
	if err != nil {
		return err
	}
	if faults != nil {
		return h.securityPage(v, faults)
	}
	if err := h.replacePassword(v, accepted); err != nil {
		return err
	}
	if err := h.stepUp(v, proof); err != nil {
		return err
	}
	h.tell(v, delivery.PasswordChanged, v.person.EmailValue)
	return h.done(v, page.PathSecurity, page.PasswordChanged, "")
}

func missing(form *httpx.Params, set bool) page.Errors {
	faults := page.Errors{}
	if set && !form.Has("current_password") {
		faults["current_password"] = page.Msg(page.Required)
	}
	if !form.Has("new_password") {
		faults["new_password"] = page.Msg(page.Required)
	}
	if len(faults) == 0 {
		return nil
	}
	return faults
}

func (h *Handlers) replacePassword(v *visit, p factor.NewPassword) error {
	ctx := v.r.Context()
	return h.Store.Tx(ctx, func(tx *storage.Store) error {
		if err := h.Factors.StorePassword(ctx, tx, v.userID(), p); err != nil {
			return err
		}
		err := h.Door.EndUserNow(ctx, tx, v.userID(), v.current.ID,
			logout.Cause{Status: storage.StatusRevoked, Reason: logout.PasswordChanged, By: v.userID()})
		if err != nil {
			return err
		}
		return h.write(v, tx, audit.PasswordChanged, nil)
	})
}

// write records what the user did.
func (h *Handlers) write(v *visit, tx *storage.Store, kind audit.Kind, data map[string]any) error {
	return audit.Write(v.r.Context(), tx, audit.Event{Kind: kind, At: h.Clock.Now(), UserID: v.userID(),
		SessionID: v.current.ID, By: v.userID(), Data: data})
}
