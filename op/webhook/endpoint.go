package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// Fields are what can be set of an endpoint.
type Fields struct {
	URL                    string
	Description            string
	Events                 []Event // none: all but those that must be named
	OwnerEmail             string  // who is told when it is disabled; empty for nobody
	IncludePrivateMetadata bool
}

// MaxEndpoints bounds what an act costs: one delivery for each endpoint is written with it.
const MaxEndpoints = 50

// How long the secret before a rotation counts.
const (
	DefaultOverlap = 24 * time.Hour
	MaxOverlap     = 7 * 24 * time.Hour
)

// Errors that callers decide on.
var (
	ErrTooMany  = errors.New("there are as many endpoints as there can be")
	ErrDisabled = errors.New("the endpoint is disabled")
	ErrPending  = errors.New("the delivery is still being tried")
)

// Why an endpoint is disabled.
const (
	ReasonFailed = "failed" // five days of failures alone
	ReasonGone   = "gone"   // it answered 410
)

// Create adds an endpoint in tx and returns its secret, which cannot be read again.
func (w *Webhooks) Create(ctx context.Context, tx *storage.Store, f Fields, scheme, by string) (e *storage.WebhookEndpoint, s Secret, err error) {
	if err := w.check(&f); err != nil {
		return nil, s, err
	}
	now := w.now()
	e = &storage.WebhookEndpoint{ID: id.New(id.Webhook), Signature: scheme, CreatedAt: now, UpdatedAt: now}
	f.put(e)
	s = w.renew(e)
	err = tx.Tx(ctx, func(tx *storage.Store) error {
		n, err := tx.CountWebhookEndpoints(ctx)
		if err != nil {
			return err
		}
		if n >= MaxEndpoints {
			return ErrTooMany
		}
		if err := tx.InsertWebhookEndpoint(ctx, e); err != nil {
			return err
		}
		return w.audit(ctx, tx, audit.WebhookCreated, e.ID, by, map[string]any{"after": shown(e)})
	})
	return e, s, err
}

// Update writes what can be set of e in tx, if nobody has changed it meanwhile; otherwise storage.ErrConflict.
func (w *Webhooks) Update(ctx context.Context, tx *storage.Store, e *storage.WebhookEndpoint, f Fields, by string) error {
	if err := w.check(&f); err != nil {
		return err
	}
	before, moved := shown(e), f.URL != e.URL
	f.put(e)
	after := shown(e)
	maps.DeleteFunc(before, func(name string, v any) bool {
		same := v == after[name]
		if same {
			delete(after, name)
		}
		return same
	})
	if len(after) == 0 {
		return nil
	}
	data := map[string]any{"before": before, "after": after}
	if !moved {
		return w.write(ctx, tx, e, audit.WebhookUpdated, by, data)
	}
	e.FailingSince = storage.Time{} // the failures were another address's
	return w.afresh(ctx, tx, e, audit.WebhookUpdated, by, data)
}

// Rotate gives e another secret in tx; for overlap, the one before counts as well and messages carry both signatures.
func (w *Webhooks) Rotate(ctx context.Context, tx *storage.Store, e *storage.WebhookEndpoint, overlap time.Duration, by string) (Secret, error) {
	before, err := w.open(e.ID, e.Secret)
	if err != nil {
		return Secret{}, err
	}
	e.PreviousSecret, e.PreviousUntil = nil, storage.Time{}
	if overlap > 0 {
		e.PreviousSecret = w.seal(e.ID, before)
		e.PreviousUntil = storage.At(w.opt.Clock.Now().Add(overlap))
	}
	s := w.renew(e)
	return s, w.write(ctx, tx, e, audit.WebhookSecretNew, by, map[string]any{"overlap_seconds": int64(overlap / time.Second)})
}

// Enable lets a disabled endpoint be told again, of what happens from now on.
func (w *Webhooks) Enable(ctx context.Context, tx *storage.Store, e *storage.WebhookEndpoint, by string) error {
	if !e.DisabledAt.Set() {
		return nil
	}
	data := map[string]any{"reason": e.DisabledReason}
	e.DisabledAt, e.DisabledReason, e.FailingSince = storage.Time{}, "", storage.Time{}
	return w.afresh(ctx, tx, e, audit.WebhookEnabled, by, data)
}

// afresh writes e and has it tried at once, whatever it did or asked for before.
func (w *Webhooks) afresh(ctx context.Context, tx *storage.Store, e *storage.WebhookEndpoint, kind audit.Kind, by string, data map[string]any) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		if err := w.write(ctx, tx, e, kind, by, data); err != nil {
			return err
		}
		return tx.ForgetReceiver(ctx, Kind, e.ID, w.opt.Clock.Now())
	})
}

// Delete removes e with its log in tx, and what it is still owed.
func (w *Webhooks) Delete(ctx context.Context, tx *storage.Store, e *storage.WebhookEndpoint, by string) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.DeleteWebhookEndpoint(ctx, Kind, e.ID); err != nil {
			return err
		}
		return w.audit(ctx, tx, audit.WebhookDeleted, e.ID, by, map[string]any{"before": shown(e)})
	})
}

func (w *Webhooks) write(ctx context.Context, tx *storage.Store, e *storage.WebhookEndpoint, kind audit.Kind, by string, data map[string]any) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		e.UpdatedAt = w.now()
		if err := tx.UpdateWebhookEndpoint(ctx, e); err != nil {
			return err
		}
		return w.audit(ctx, tx, kind, e.ID, by, data)
	})
}

func (w *Webhooks) audit(ctx context.Context, tx *storage.Store, kind audit.Kind, endpointID, by string, data map[string]any) error {
	data["webhook"] = endpointID
	return audit.Write(ctx, tx, audit.Event{Kind: kind, At: w.opt.Clock.Now(), By: by, Data: data})
}

// shown is what the audit keeps of an endpoint.
func shown(e *storage.WebhookEndpoint) map[string]any {
	return map[string]any{"url": e.URL, "description": e.Description, "events": e.Events, "owner_email": e.OwnerEmail,
		"include_private_metadata": e.IncludePrivateMetadata}
}

func (f Fields) put(e *storage.WebhookEndpoint) {
	events, _ := json.Marshal(append([]Event{}, f.Events...)) // strings always encode
	e.URL, e.Description, e.Events, e.OwnerEmail = f.URL, f.Description, string(events), f.OwnerEmail
	e.IncludePrivateMetadata = f.IncludePrivateMetadata
}

// FieldsOf is what was set of an endpoint.
func FieldsOf(e *storage.WebhookEndpoint) (Fields, error) {
	chosen, err := chosenBy(e)
	return Fields{URL: e.URL, Description: e.Description, Events: chosen, OwnerEmail: e.OwnerEmail,
		IncludePrivateMetadata: e.IncludePrivateMetadata}, err
}

func (w *Webhooks) renew(e *storage.WebhookEndpoint) Secret {
	s := NewSecret(e.Signature)
	e.Secret, e.PublicKey = w.seal(e.ID, s), s.Public()
	return s
}

// A sealed secret opens in its own row only.
func sealName(endpointID string) string { return "webhook_endpoints." + endpointID }

func (w *Webhooks) seal(endpointID string, s Secret) []byte {
	return w.opt.Sealer.Seal([]byte(s.String()), sealName(endpointID))
}

func (w *Webhooks) open(endpointID string, sealed []byte) (Secret, error) {
	plain, err := w.opt.Sealer.Open(sealed, sealName(endpointID))
	if err != nil {
		return Secret{}, fmt.Errorf("secret of %s: %w", endpointID, err)
	}
	return ParseSecret(string(plain))
}

func (w *Webhooks) now() storage.Time { return storage.At(w.opt.Clock.Now()) }
