package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
)

// Headers of a request (Standard Webhooks, Webhook headers).
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// Send makes one attempt to tell one endpoint; it is the delivery.Sender of Kind.
//
// Where to and signed by what is decided now, not when the event happened: an endpoint that moved is told where it is, one
// that was disabled or deleted is owed nothing. What is said was decided then. The id stays the same over all attempts, so
// that a receiver can drop what it has seen; the time and with it the signature are the attempt's, so that a receiver can
// refuse what is old, which may be a replay.
func (w *Webhooks) Send(ctx context.Context, d *storage.Delivery) (status int, err error) {
	e, err := w.opt.Store.WebhookEndpoint(ctx, d.Receiver)
	if errors.Is(err, storage.ErrNotFound) || err == nil && e.DisabledAt.Set() {
		return 0, delivery.ErrGone
	}
	if err != nil {
		return 0, err
	}
	m, err := w.opt.Store.WebhookMessage(ctx, d.MessageID)
	if errors.Is(err, storage.ErrNotFound) {
		return 0, delivery.ErrGone
	}
	if err != nil {
		return 0, err
	}
	req, err := w.request(ctx, e, m)
	if err != nil {
		return 0, err
	}
	began := w.opt.Clock.Now()
	status, err = delivery.Exchange(w.opt.Doer, req)
	if noted := w.note(context.WithoutCancel(ctx), e, d, status, began, err); noted != nil {
		w.opt.Log.WarnContext(ctx, "how a webhook endpoint does was not written down", "endpoint", e.ID, "error", noted)
	}
	return status, err
}

func (w *Webhooks) request(ctx context.Context, e *storage.WebhookEndpoint, m *storage.WebhookMessage) (*http.Request, error) {
	said, err := w.uncover(m)
	if err != nil {
		return nil, err
	}
	body, err := bodyFor(e, m, said)
	if err != nil {
		return nil, err
	}
	now := w.opt.Clock.Now()
	signatures, err := w.signatures(e, m.ID, now, body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(HeaderID, m.ID)
	req.Header.Set(HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(HeaderSignature, signatures)
	return req, nil
}

// bodyFor is what an endpoint is told of what a message says.
func bodyFor(e *storage.WebhookEndpoint, m *storage.WebhookMessage, said string) ([]byte, error) {
	if !e.IncludePrivateMetadata {
		return []byte(said), nil
	}
	return join(said, m.PrivateMetadata)
}

// signatures are those of all secrets that count, the newest first, separated by spaces.
func (w *Webhooks) signatures(e *storage.WebhookEndpoint, messageID string, now time.Time, body []byte) (string, error) {
	s, err := w.open(e.ID, e.Secret)
	if err != nil {
		return "", err
	}
	header := s.Sign(messageID, now, body)
	if len(e.PreviousSecret) > 0 && now.Before(e.PreviousUntil.Time) {
		before, err := w.open(e.ID, e.PreviousSecret)
		if err != nil {
			return "", err
		}
		header += " " + before.Sign(messageID, now, body)
	}
	return header, nil
}
