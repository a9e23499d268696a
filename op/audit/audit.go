package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
)

// Kind is what happened.
type Kind string

// Kinds of events.
const (
	SignedUp           Kind = "user.signed_up"
	UserCreated        Kind = "user.created"
	UserUpdated        Kind = "user.updated"
	UserDisabled       Kind = "user.disabled"
	UserEnabled        Kind = "user.enabled"
	UserDeleted        Kind = "user.deleted"
	IdentifierVerified Kind = "user.identifier_verified"
	SignInFailed       Kind = "sign_in.failed"
	SessionStarted     Kind = "session.started"
	SessionSteppedUp   Kind = "session.stepped_up"
	SessionSwitched    Kind = "session.switched"
	SessionEnded       Kind = "session.ended"
	SessionsEnded      Kind = "sessions.ended"
	DeviceForgotten    Kind = "device.forgotten"
	FamilyStarted      Kind = "token_family.started"
	FamilyReused       Kind = "token_family.reused"
	FamilyRevoked      Kind = "token_family.revoked"
	CodeReused         Kind = "code.reused"
	ConsentGranted     Kind = "consent.granted"
	ConsentWithdrawn   Kind = "consent.withdrawn"
	PasswordChanged    Kind = "factor.password_changed"
	PasswordReset      Kind = "factor.password_reset"
	FactorAdded        Kind = "factor.added"
	FactorRemoved      Kind = "factor.removed"
	RecoveryCodesMade  Kind = "factor.recovery_codes_made"
	ClientCreated      Kind = "client.created"
	ClientUpdated      Kind = "client.updated"
	ClientSecretNew    Kind = "client.secret_rotated"
	ClientDeleted      Kind = "client.deleted"
	KeyRotated         Kind = "key.rotated"
	TemplateSaved      Kind = "claim_template.saved"
	TemplateDeleted    Kind = "claim_template.deleted"
)

// Event is one act. By names who did it: a user's id, a client's id, or "system".
type Event struct {
	Kind      Kind
	At        time.Time
	UserID    string
	SessionID string
	DeviceID  string
	ClientID  string
	By        string
	Data      map[string]any
}

// Origin is where a request came from.
type Origin struct {
	IPAddress string
	UserAgent string
	RequestID string
	SessionID string // of whoever acts, where they are signed in
	DeviceID  string // of whoever acts
}

type originKey struct{}

// WithOrigin attaches where a request came from to its context.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// WithSession attaches the session of whoever acts, for the events that packages below write.
func WithSession(ctx context.Context, sessionID string) context.Context {
	o := OriginOf(ctx)
	o.SessionID = sessionID
	return WithOrigin(ctx, o)
}

// OriginOf returns what WithOrigin attached; zero for work that no request asked for.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}

// Write appends an event in tx.
func Write(ctx context.Context, tx *storage.Store, e Event) error {
	data := []byte("{}")
	if len(e.Data) > 0 {
		var err error
		if data, err = json.Marshal(e.Data); err != nil {
			return fmt.Errorf("audit %s: %w", e.Kind, err)
		}
	}
	o := OriginOf(ctx)
	if e.SessionID == "" {
		e.SessionID = o.SessionID
	}
	if e.DeviceID == "" {
		e.DeviceID = o.DeviceID
	}
	return tx.InsertAuditEvent(ctx, &storage.AuditEvent{
		ID: id.New(id.Event), At: storage.At(e.At), Kind: string(e.Kind), UserID: e.UserID, SessionID: e.SessionID, DeviceID: e.DeviceID,
		ClientID: e.ClientID, Actor: e.By, IPAddress: o.IPAddress, RequestID: o.RequestID, Data: string(data),
	})
}
