package pagetest

import (
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

func apiKeySamples() []Sample {
	const at = page.PathAdminAPIKeys
	admin := page.Ref{Name: "admin@example.com", ID: "usr_1", URL: "/admin/users/1"}
	good := page.APIKeyRow{ID: "apk_1", Name: "Nightly export", Hint: "9f3K", Scopes: []string{"users:read", "sessions:read"}, Maker: admin,
		CreatedAt: sampleTime.AddDate(0, 0, -20), LastUsedAt: sampleTime.Add(-3 * 60e9), ExpiresAt: sampleTime.AddDate(0, 0, 70), RevokeAction: at + "/apk_1/revoke"}
	endless := page.APIKeyRow{ID: "apk_2", Name: "A pipeline with a rather long name, that goes on for quite a while and says what it deploys", Hint: "xY-1", Scopes: page.APIScopes(),
		Maker: page.Ref{Key: "event.by.cli", ID: "cli"}, CreatedAt: sampleTime.AddDate(-1, 0, 0), RevokeAction: at + "/apk_2/revoke"}
	expired := page.APIKeyRow{ID: "apk_3", Name: "Import", Hint: "0aB_", Scopes: []string{"users:read", "users:write", "audit:read", "consents:write", "of:tomorrow"},
		Maker: page.Ref{Name: sampleApp, ID: "cli_1", URL: "/admin/applications/1"}, CreatedAt: sampleTime.AddDate(0, -2, 0), ExpiresAt: sampleTime.AddDate(0, -1, 0), Expired: true}
	revoked := page.APIKeyRow{ID: "apk_4", Name: "Dashboard", Hint: "77Qz", Scopes: []string{"audit:read"}, Maker: page.Ref{Name: "usr_2", ID: "usr_2"},
		CreatedAt: sampleTime.AddDate(0, -3, 0), LastUsedAt: sampleTime.AddDate(0, -1, 0), RevokedAt: sampleTime.AddDate(0, -1, 0), RevokedBy: admin}
	read := []page.APIKeyRow{good, revoked}
	read[0].RevokeAction = ""
	form := page.AdminAPIKeyForm{Console: console(at), Form: page.Form{Action: "/admin/new-api-key"}, Offered: page.APIScopes(), TTL: "quarter", CancelURL: at}
	faulty := form
	faulty.Name, faulty.Offered, faulty.TTL = "Nightly export", []string{"users:read", "users:write", "sessions:read", "audit:read"}, "never"
	faulty.Errors = page.Fault("scopes", page.APIKeyNoScopes)
	beyond := faulty
	beyond.Name, beyond.Chosen = "", []string{"users:read"}
	beyond.Errors = page.Errors{"key_name": page.Msg(page.APIKeyName, 200), "scopes": page.Msg(page.APIKeyBeyond, "keys:write")}
	made := page.AdminAPIKeyMade{Console: console(at), Row: good, Secret: "csk_zUH9M2JcrwWqnJoFa1BdaW6mRX0qY7gyUPb7rX9f3K",
		Curl:           "echo 'Authorization: Bearer csk_zUH9M2JcrwWqnJoFa1BdaW6mRX0qY7gyUPb7rX9f3K' | curl --fail-with-body --header @- 'https://id.example.com/v1/users'",
		DescriptionURL: "https://id.example.com/v1/openapi.json", ListURL: at}
	made.Row.LastUsedAt, made.Row.CreatedAt = time.Time{}, made.Now
	blind := made
	blind.Row.Scopes, blind.Curl = []string{"sessions:end_all"}, ""
	return []Sample{
		ok("admin_api_keys", page.AdminAPIKeys{Console: console(at), NewURL: "/admin/new-api-key", Rows: []page.APIKeyRow{good, endless, expired, revoked}, Pager: page.Pager{NextURL: at + "?after=1"}}),
		ok("admin_api_keys-read", page.AdminAPIKeys{Console: console(at), Rows: read, State: "good"}),
		ok("admin_api_keys-none", page.AdminAPIKeys{Console: console(at), NewURL: "/admin/new-api-key"}),
		ok("admin_api_keys-none_such", page.AdminAPIKeys{Console: console(at), State: "revoked"}),
		ok("admin_api_key_form", form),
		refused("admin_api_key_form-faulty", faulty),
		refused("admin_api_key_form-beyond", beyond),
		ok("admin_api_key_made", made),
		ok("admin_api_key_made-blind", blind),
	}
}
