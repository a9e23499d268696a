package admin

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// apiKeyTTLs are how long a key can count, by the names that the form has for them; zero: until it is revoked.
var apiKeyTTLs = map[string]time.Duration{"day": aDay, "week": 7 * aDay, "month": 30 * aDay, "quarter": 90 * aDay, "year": 365 * aDay,
	"never": 0}

const aDay = 24 * time.Hour

func (h *Handlers) newAPIKey(v *visit) error { return v.show(h.apiKeyForm(v), nil) }

func (h *Handlers) apiKeyForm(v *visit) page.AdminAPIKeyForm {
	return page.AdminAPIKeyForm{Console: v.console(page.PathAdminAPIKeys), Form: page.Form{Action: pathNewAPIKey},
		Offered: api.ScopesOf(v.person.Role), TTL: "quarter", CancelURL: page.PathAdminAPIKeys}
}

// createAPIKey makes a key with what was ticked. The form offers what the role may; what is posted is checked like a request to
// the API, by the same code.
func (h *Handlers) createAPIKey(v *visit) error {
	form, err := httpx.ReadForm(v.r, "scopes")
	if err != nil {
		return err
	}
	p := h.apiKeyForm(v)
	p.Name, p.Chosen, p.TTL = form.Get("key_name"), form.List("scopes"), form.Get("ttl")
	ttl, ok := apiKeyTTLs[p.TTL]
	if !ok || slices.ContainsFunc(p.Chosen, func(s string) bool { return !slices.Contains(api.Scopes, s) }) {
		return errBadForm
	}
	n := apikey.NewKey{Name: p.Name, Scopes: p.Chosen, By: v.by(), Kind: storage.MadeByUser}
	if ttl > 0 {
		n.ExpiresAt = h.Clock.Now().Add(ttl)
	}
	n, err = h.APIKeys.Check(n, api.Scopes, p.Offered)
	if p.Errors, err = apiKeyFaults(err); err != nil || p.Errors != nil {
		return shownOr(v, p, p.Errors, err)
	}
	row, plain, err := h.APIKeys.Create(v.r.Context(), h.Store, n)
	if err != nil {
		return err
	}
	rows, err := h.apiKeyRows(v, []*storage.APIKey{row}, p.Now)
	if err != nil {
		return err
	}
	// The answer to the POST itself: the key is in no URL, no cookie and no page that can be loaded again.
	return v.show(page.AdminAPIKeyMade{Console: v.console(page.PathAdminAPIKeys), Row: rows[0], Secret: plain,
		Curl: h.apiKeyCurl(rows[0].Scopes, plain), DescriptionURL: h.Issuer + "/v1/openapi.json", ListURL: page.PathAdminAPIKeys}, nil)
}

// apiKeyFaults says what of a key is not accepted; the error is returned where it is none of the person's.
func apiKeyFaults(err error) (page.Errors, error) {
	var field *apikey.FieldError
	switch {
	case !errors.As(err, &field):
		return nil, err
	case field.Beyond != "":
		return page.Fault("scopes", page.APIKeyBeyond, field.Beyond), nil
	case field.Field == "scopes":
		return page.Fault("scopes", page.APIKeyNoScopes), nil
	case field.Field == "name":
		return page.Fault("key_name", page.APIKeyName, 200), nil
	}
	return page.Fault("", page.NotAccepted, field.Error()), nil
}

// apiKeyReads are what a key can be tried on, by its scopes, the likeliest first.
var apiKeyReads = []struct{ scope, path string }{
	{api.ScopeUsersRead, "users"}, {api.ScopeSessionsRead, "sessions"}, {api.ScopeApplicationsRead, "oauth_applications"},
	{api.ScopeAuditRead, "audit_events"}, {api.ScopeWebhooksRead, "webhooks"}, {api.ScopeConsentsRead, "consents"},
	{api.ScopeTemplatesRead, "claim_templates"}, {api.ScopeActorTokensRead, "actor_tokens"}, {api.ScopeKeysRead, "signing_keys"},
	{api.ScopeAPIKeysRead, "api_keys"}, {api.ScopePoliciesRead, "policies/impersonation"},
}

// apiKeyCurl is a line for a shell that reads something with a key; "" for one that may read nothing. The key reaches curl by a
// pipe: what stands among its arguments, everybody on the machine can see.
func (h *Handlers) apiKeyCurl(scopes []string, plain string) string {
	for _, r := range apiKeyReads {
		if slices.Contains(scopes, r.scope) {
			url := strings.ReplaceAll(h.Issuer+"/v1/"+r.path, "'", "%27")
			return "echo 'Authorization: Bearer " + plain + "' | curl --fail-with-body --header @- '" + url + "'"
		}
	}
	return ""
}
