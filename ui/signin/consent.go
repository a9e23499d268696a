package signin

import (
	"errors"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// consentPage asks whether the client may have what it asks for. The session whose user is asked is part of the address
// that the answer goes to.
func (h *Handlers) consentPage(v *visit, faults page.Errors) (page.Page, error) {
	email, err := h.email(v.ctx, v.current.UserID)
	if err != nil {
		return nil, err
	}
	var given []string
	row, err := h.Store.Consent(v.ctx, v.current.UserID, v.flow.ClientID)
	switch {
	case err == nil:
		given = strings.Fields(row.Scope)
	case !errors.Is(err, storage.ErrNotFound):
		return nil, err
	}
	c := v.flow.Client
	p := page.Consent{Base: v.base(), Form: page.Form{Action: v.url("consent") + "?session=" + v.current.ID, Errors: faults},
		Client: page.Client{Name: c.Name(), LogoURL: c.LogoURI, URI: c.ClientURI, PolicyURL: c.PolicyURI, TermsURL: c.TOSURI},
		Who:    page.Who{Name: v.current.User.Name, Email: email}, SwitchURL: v.url("choose")}
	for _, s := range strings.Fields(v.flow.ConsentScope()) {
		p.Scopes = append(p.Scopes, page.Scope{Name: s, Granted: slices.Contains(given, s)})
	}
	return p, nil
}

// decide takes the word of the user who was asked. If another account became the active one meanwhile, it is that one's
// page that is shown, and nobody's consent is taken for somebody else's.
func (h *Handlers) decide(v *visit) error {
	if v.step != authflow.StepConsent || v.r.URL.Query().Get("session") != v.current.ID {
		return nil
	}
	switch v.form.Get("decision") {
	case "allow":
		return h.Flows.Decide(v.ctx, v.flow, v.current, true)
	case "deny":
		return h.Flows.Decide(v.ctx, v.flow, v.current, false)
	}
	return refuse("", page.TryAgain)
}
