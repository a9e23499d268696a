package api

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
)

// SessionActor is who acts in the user's name in a session of impersonation (RFC 8693 4.1); null in any other.
type SessionActor struct {
	Subject   string // the user who acts
	SessionID string // their own session
}

// MarshalJSON implements json.Marshaler.
func (a SessionActor) MarshalJSON() ([]byte, error) {
	if a.Subject == "" {
		return []byte("null"), nil
	}
	return json.Marshal(map[string]string{"sub": a.Subject, "sid": a.SessionID})
}

// Schema implements huma.SchemaProvider.
func (SessionActor) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Nullable: true, Description: "Who acts in the user's name; null in the user's own session",
		Properties: map[string]*huma.Schema{"sub": {Type: huma.TypeString, Description: "The user who acts"},
			"sid": {Type: huma.TypeString, Description: "Their own session, which this one ends with"}}, Required: []string{"sub", "sid"}}
}
