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
	SignInThrottled    Kind = "sign_in.throttled"
	ProofFailed        Kind = "proof.failed"    // asked for anew, of somebody who is signed in
	ProofThrottled     Kind = "proof.throttled" // the same
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
	ConsentDenied      Kind = "consent.denied"
	ConsentWithdrawn   Kind = "consent.withdrawn"
	PasswordChanged    Kind = "factor.password_changed"
	PasswordReset      Kind = "factor.password_reset"
	PasswordResetBegun Kind = "factor.password_reset_begun" // somebody else had the mail for it sent
	FactorAdded        Kind = "factor.added"
	FactorRemoved      Kind = "factor.removed"
	RecoveryCodesMade  Kind = "factor.recovery_codes_made"
	RecoveryCodeUsed   Kind = "factor.recovery_code_used"
	ClientCreated      Kind = "client.created"
	ClientUpdated      Kind = "client.updated"
	ClientSecretNew    Kind = "client.secret_rotated"
	ClientDeleted      Kind = "client.deleted"
	KeyCreated         Kind = "key.created" // the first of an algorithm
	KeyRotated         Kind = "key.rotated" // a successor is published
	KeyRetired         Kind = "key.retired" // it signs no more
	KeyDeleted         Kind = "key.deleted"
	TemplateSaved      Kind = "claim_template.saved"
	TemplateDeleted    Kind = "claim_template.deleted"
	WebhookCreated     Kind = "webhook.created"
	WebhookUpdated     Kind = "webhook.updated"
	WebhookSecretNew   Kind = "webhook.secret_rotated"
	WebhookEnabled     Kind = "webhook.enabled"
	WebhookDisabled    Kind = "webhook.disabled"
	WebhookDeleted     Kind = "webhook.deleted"
	TokenExchanged     Kind = "token_family.exchanged"
	APIKeyCreated      Kind = "api_key.created"
	UsersImported      Kind = "users.import_begun"

	UserImportCancelled Kind = "users.import_cancelled"
	UserImportDeleted   Kind = "users.import_deleted"

	APIKeyRevoked      Kind = "api_key.revoked"
	ActorTokenCreated  Kind = "impersonation.token_created"
	ActorTokenApproved Kind = "impersonation.token_approved"
	ActorTokenRevoked  Kind = "impersonation.token_revoked"

	ImpersonationStarted Kind = "impersonation.started"
	ImpersonationStopped Kind = "impersonation.stopped"
	PolicyChanged        Kind = "policy.changed"
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
	Actor     string // who acts as somebody else
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

// WithActor attaches who acts as somebody else: whatever the packages below take for an act of that somebody is then written
// as the actor's.
func WithActor(ctx context.Context, userID string) context.Context {
	o := OriginOf(ctx)
	o.Actor = userID
	return WithOrigin(ctx, o)
}

// WithDevice attaches the device of whoever acts.
func WithDevice(ctx context.Context, deviceID string) context.Context {
	o := OriginOf(ctx)
	o.DeviceID = deviceID
	return WithOrigin(ctx, o)
}

// OriginOf returns what WithOrigin attached; zero for work that no request asked for.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}

// Write appends events in tx.
func Write(ctx context.Context, tx *storage.Store, events ...Event) error {
	rows := make([]*storage.AuditEvent, len(events))
	for i, e := range events {
		var err error
		if rows[i], err = e.row(OriginOf(ctx)); err != nil {
			return fmt.Errorf("audit %s: %w", e.Kind, err)
		}
	}
	return tx.InsertAuditEvents(ctx, rows)
}

func (e Event) row(o Origin) (*storage.AuditEvent, error) {
	data := []byte("{}")
	if len(e.Data) > 0 {
		var err error
		if data, err = json.Marshal(e.Data); err != nil {
			return nil, err
		}
	}
	if o.Actor != "" && e.By == e.UserID {
		e.By = o.Actor
	}
	if e.SessionID == "" {
		e.SessionID = o.SessionID
	}
	if e.DeviceID == "" && e.SessionID == o.SessionID { // of another session it is another
		e.DeviceID = o.DeviceID
	}
	return &storage.AuditEvent{
		ID: id.New(id.Event), At: storage.At(e.At), Kind: string(e.Kind), UserID: e.UserID, SessionID: e.SessionID, DeviceID: e.DeviceID,
		ClientID: e.ClientID, Actor: e.By, IPAddress: o.IPAddress, RequestID: o.RequestID, Data: string(data),
	}, nil
}
