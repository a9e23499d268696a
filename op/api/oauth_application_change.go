package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
)

// ChangeApplication replaces what c registered by m, in tx, and returns it with its secret where the change has made one,
// which is shown this once. c is as tx read it; nothing is written where nothing changed. By names who did. Errors are those
// of client.Registry.Update.
func ChangeApplication(ctx context.Context, tx *storage.Store, clients *client.Registry, now time.Time, c *client.Client, m client.Metadata,
	by string) (_ *client.Client, secret string, err error) {
	if err := m.Complete(); err != nil {
		return nil, "", err
	}
	was, is, err := differences(c.Metadata, m)
	if err != nil {
		return nil, "", err
	}
	if len(was)+len(is) > 0 {
		if c, err = clients.Update(ctx, tx, c, m); err != nil {
			return nil, "", err
		}
		err := audit.Write(ctx, tx, audit.Event{Kind: audit.ClientUpdated, At: now, ClientID: c.ID, By: by,
			Data: map[string]any{"before": was, "after": is}})
		if err != nil {
			return nil, "", err
		}
	}
	if len(c.SecretHash) == 0 && (c.TokenEndpointAuthMethod == client.AuthBasic || c.TokenEndpointAuthMethod == client.AuthPost) {
		return NewSecret(ctx, tx, clients, now, c, by)
	}
	return c, "", nil
}

// NewSecret gives c another secret, in tx, and returns it; the one of before is refused from the next request on.
func NewSecret(ctx context.Context, tx *storage.Store, clients *client.Registry, now time.Time, c *client.Client, by string) (*client.Client, string, error) {
	c, plain, err := clients.RotateSecret(ctx, tx, c)
	if err != nil {
		return nil, "", err
	}
	return c, plain, audit.Write(ctx, tx, audit.Event{Kind: audit.ClientSecretNew, At: now, ClientID: c.ID, By: by})
}

// ParseKeys reads a JSON Web Key Set (RFC 7517 5) that somebody typed or sent.
func ParseKeys(b []byte) (*jose.JSONWebKeySet, error) {
	set := new(jose.JSONWebKeySet)
	if err := json.Unmarshal(b, set); err != nil {
		return nil, &client.FieldError{Field: "jwks", Reason: "is not a JSON Web Key Set"}
	}
	return set, nil
}

// BeyondRole returns the first of the scopes that opens something of this API that the role may not use itself: who gave it to
// an application would have it; "" for none.
func BeyondRole(role string, scopes []string) string {
	for _, s := range scopes {
		if isScope(s) && !roleMay(role, s) {
			return s
		}
	}
	return ""
}
