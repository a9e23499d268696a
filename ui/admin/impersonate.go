package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// impersonate makes an actor token for whoever asks and opens its ticket, which asks once more before anything begins. Why it is
// done is asked for here, and whether it may be is the policy's to say (op/actor).
func (h *Handlers) impersonate(v *visit) error {
	u, err := h.another(v)
	if err != nil {
		return err
	}
	if h.Actors == nil {
		return errNotFound
	}
	form, err := v.form()
	if err != nil {
		return err
	}
	p := h.aboutUser(page.ActImpersonate, u)
	p.Console, p.Action, p.Reason, p.Typed = v.console(page.PathAdminUsers), v.r.URL.Path, true, strings.TrimSpace(form.Get("reason"))
	switch {
	case form.Get("confirm") != "yes":
		return v.show(p, nil)
	case p.Typed == "":
		p.Errors = page.Fault("reason", page.Required)
		return v.show(p, p.Errors)
	case utf8.RuneCountInString(p.Typed) > actor.MaxReason:
		p.Errors = page.Fault("reason", page.TooLong, actor.MaxReason)
		return v.show(p, p.Errors)
	}
	who, err := json.Marshal(map[string]string{"sub": v.by()})
	if err != nil {
		return err
	}
	t, ticket, err := h.Actors.Create(v.r.Context(), h.Store, actor.Spec{UserID: u.ID, ActorSub: v.by(), Actor: who, Reason: p.Typed, By: v.by()})
	var refused actor.Refusal
	switch {
	case errors.As(err, &refused):
		p.Errors = page.Fault("", page.NotAllowed, refused.Error())
		return v.show(p, p.Errors)
	case errors.Is(err, actor.ErrNoUser), errors.Is(err, actor.ErrNoActor), errors.Is(err, storage.ErrNotFound):
		return errNotFound
	case err != nil:
		return err
	}
	if t.NeedsApproval {
		return v.done(userURL(u.ID), page.ApprovalNeeded)
	}
	http.Redirect(v.w, v.r, h.Actors.URL(ticket), http.StatusSeeOther)
	return nil
}
