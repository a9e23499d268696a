package page

import "time"

// AdminAPIKeys lists the keys of scripts and pipelines.
//
// Fields of the query: state, one of APIKeyStates, after.
type AdminAPIKeys struct {
	Console
	Form
	Rows   []APIKeyRow
	NewURL string
	State  string // what the list is narrowed to; empty: it is not
	Pager  Pager
}

func (AdminAPIKeys) template() string { return "admin_api_keys" }

// APIKeyRow is one key. The key itself nobody can show: it is kept as a hash.
type APIKeyRow struct {
	ID, Name, Hint        string // Hint is the last four characters of the key
	Scopes                []string
	Maker                 Ref
	CreatedAt, LastUsedAt time.Time
	ExpiresAt             time.Time // zero: never
	Expired               bool
	RevokedAt             time.Time
	RevokedBy             Ref
	RevokeAction          string
}

// Revoked tells that it was ended before its time.
func (r APIKeyRow) Revoked() bool { return !r.RevokedAt.IsZero() }

// AdminAPIKeyForm makes a key.
//
// Fields: key_name, scopes (any number, of Offered), ttl (one of APIKeyTTLs).
type AdminAPIKeyForm struct {
	Console
	Form
	Name      string
	Offered   []string // what the maker's role may do: a key can do no more
	Chosen    []string
	TTL       string
	CancelURL string
}

func (AdminAPIKeyForm) template() string { return "admin_api_key_form" }

// AdminAPIKeyMade shows a key, this once.
type AdminAPIKeyMade struct {
	Console
	Row            APIKeyRow
	Secret         string
	Curl           string // a line that calls the API with it; empty where it may read nothing
	DescriptionURL string // of the API
	ListURL        string
}

func (AdminAPIKeyMade) template() string { return "admin_api_key_made" }

// Faults of the form.
const (
	APIKeyName     Key = "admin.fault.api_key_name" // {0}: greatest number of characters
	APIKeyNoScopes Key = "admin.fault.api_key_no_scopes"
	APIKeyBeyond   Key = "admin.fault.api_key_beyond" // {0}: a scope
)

// APIKeyFaults lists them.
func APIKeyFaults() []Key { return []Key{APIKeyName, APIKeyNoScopes, APIKeyBeyond} }

// APIKeyRevoked is the notice behind the end of a key.
const APIKeyRevoked Key = "admin.notice.api_key_revoked"

// APIKeyTTLs lists how long a key can live: "admin.api_key.ttl.<name>".
func APIKeyTTLs() []string { return []string{"day", "week", "month", "quarter", "year", "never"} }

// APIKeyStates lists what keys can be: "admin.api_key.state.<state>".
func APIKeyStates() []string { return []string{"good", "expired", "revoked"} }

// APIScopeGroup is some scopes of the management API: "admin.api_key.group.<Name>".
type APIScopeGroup struct {
	Name   string
	Scopes []string // "admin.api_key.scope.<scope>"
}

// APIScopeGroups are all scopes of the management API, by what they open.
func APIScopeGroups() []APIScopeGroup {
	return []APIScopeGroup{
		{"users", []string{"users:read", "users:write", "roles:write"}},
		{"sessions", []string{"sessions:read", "sessions:write", "sessions:end_all", "session_tokens:create"}},
		{"applications", []string{"oauth_applications:read", "oauth_applications:write", "claim_templates:read", "claim_templates:write",
			"consents:read", "consents:write"}},
		{"impersonation", []string{"actor_tokens:read", "actor_tokens:write", "policies:read", "policies:write"}},
		{"settings", []string{"webhooks:read", "webhooks:write", "keys:read", "keys:write", "api_keys:read", "api_keys:write", "audit:read"}},
	}
}

// APIScopes lists the scopes of all groups.
func APIScopes() (list []string) {
	for _, g := range APIScopeGroups() {
		list = append(list, g.Scopes...)
	}
	return list
}
