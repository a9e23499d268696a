package e2e

import (
	"net/http"
	"testing"
)

// A key is made, opens what it was made for and nothing else, and nothing once it is revoked.
func apiKeysJourney(t *testing.T, o *operator) {
	o.open("/admin/api-keys")
	o.WaitText("No API keys yet")
	o.see("api-keys-none")
	o.Click("main .head a.button-main")
	o.WaitText("What it may do")
	submitUnchecked(o.Page)
	if !o.Has(".fault") {
		t.Error("a key without a name and scopes")
	}
	o.see("api-key-new-faulty")
	o.Fill("input[name=key_name]", "Nightly report")
	o.Click("input[name=scopes][value='users:read']")
	submit(o.Page)
	o.WaitText("Shown this once.")
	key := o.Text("#secret-value")
	o.see("api-key-made")
	answers := func(path string, want int) {
		t.Helper()
		if got := o.call("GET", path, "", "", bearer(key), nil); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	answers("/v1/users", http.StatusOK)
	answers("/v1/sessions", http.StatusForbidden)
	o.open("/admin/api-keys")
	o.WaitText("Nightly report")
	if o.says(key) {
		t.Error("the key is shown again")
	}
	o.see("api-keys")
	o.sure("/revoke", "Revoke this key?", "The key is revoked and opens nothing any more.")
	answers("/v1/users", http.StatusUnauthorized)
}
