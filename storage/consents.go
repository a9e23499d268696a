package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// Consent is what a user decided to let a client have. Scope is space-delimited, sorted.
type Consent struct {
	bun.BaseModel `bun:"table:consents"`

	UserID    string `bun:"user_id,pk"`
	ClientID  string `bun:"client_id,pk"`
	Scope     string
	GrantedAt Time
	UpdatedAt Time
}

// Consent returns the stored decision, or ErrNotFound.
func (s *Store) Consent(ctx context.Context, userID, clientID string) (*Consent, error) {
	c := new(Consent)
	err := s.db.NewSelect().Model(c).Where("user_id = ? AND client_id = ?", userID, clientID).Scan(ctx)
	return c, found(err, "read consent")
}

// Consents returns all that a user has granted.
func (s *Store) Consents(ctx context.Context, userID string) (list []*Consent, err error) {
	err = s.db.NewSelect().Model(&list).Where("user_id = ?", userID).Order("client_id").Scan(ctx)
	return list, wrap(err, "list consents")
}

// ConsentFilter narrows a list of consents; zero values do not. AfterUser and AfterClient name the one to start behind.
type ConsentFilter struct {
	UserID, ClientID       string
	AfterUser, AfterClient string
	Limit                  int
}

// FindConsents returns consents by user and client.
func (s *Store) FindConsents(ctx context.Context, f ConsentFilter) (list []*Consent, err error) {
	q := s.db.NewSelect().Model(&list).Order("user_id", "client_id").Limit(limit(f.Limit))
	if f.UserID != "" {
		q = q.Where("user_id = ?", f.UserID)
	}
	if f.ClientID != "" {
		q = q.Where("client_id = ?", f.ClientID)
	}
	if f.AfterUser != "" {
		q = q.Where("(user_id, client_id) > (?, ?)", f.AfterUser, f.AfterClient)
	}
	return list, wrap(q.Scan(ctx), "list consents")
}

// PutConsent records a decision over an earlier one.
func (s *Store) PutConsent(ctx context.Context, userID, clientID, scope string, at time.Time) error {
	c := &Consent{UserID: userID, ClientID: clientID, Scope: scope, GrantedAt: At(at), UpdatedAt: At(at)}
	_, err := s.db.NewInsert().Model(c).On("CONFLICT (user_id, client_id) DO UPDATE").
		Set("scope = EXCLUDED.scope").Set("updated_at = EXCLUDED.updated_at").Exec(ctx)
	return wrap(err, "record consent")
}

// DeleteConsent removes a decision, or returns ErrNotFound.
func (s *Store) DeleteConsent(ctx context.Context, userID, clientID string) error {
	res, err := s.db.NewDelete().Model((*Consent)(nil)).
		Where("user_id = ? AND client_id = ?", userID, clientID).Exec(ctx)
	return changed(res, err, "withdraw consent")
}
