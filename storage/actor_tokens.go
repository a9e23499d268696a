package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// ActorToken is a permission to act once as somebody else. MaxDuration is in microseconds.
type ActorToken struct {
	bun.BaseModel `bun:"table:actor_tokens"`

	ID            string `bun:"id,pk"`
	UserID        string // who is impersonated
	ActorSub      string // who acts
	Actor         string // JSON
	Reason        string
	SecretHash    []byte
	Status        ActorTokenStatus
	MaxDuration   int64
	SessionID     string // that it was accepted for
	NeedsApproval bool
	ApprovedBy    string
	ApprovedAt    Time
	CreatedBy     string
	ExpiresAt     Time
	CreatedAt     Time
	UpdatedAt     Time
}

// ActorTokenStatus is where an actor token stands.
type ActorTokenStatus string

// Statuses. Expired is never written: it is what a pending one is when its time has run out.
const (
	ActorTokenPending  ActorTokenStatus = "pending"
	ActorTokenAccepted ActorTokenStatus = "accepted"
	ActorTokenRevoked  ActorTokenStatus = "revoked"
	ActorTokenExpired  ActorTokenStatus = "expired"
)

// Stands is the status at an instant.
func (t *ActorToken) Stands(now time.Time) ActorTokenStatus {
	if t.Status == ActorTokenPending && !now.Before(t.ExpiresAt.Time) {
		return ActorTokenExpired
	}
	return t.Status
}

// InsertActorToken adds one.
func (s *Store) InsertActorToken(ctx context.Context, t *ActorToken) error {
	_, err := s.db.NewInsert().Model(t).Exec(ctx)
	return s.inserted(err, "insert actor token")
}

// ActorToken returns one, or ErrNotFound.
func (s *Store) ActorToken(ctx context.Context, id string) (*ActorToken, error) {
	t := new(ActorToken)
	err := s.db.NewSelect().Model(t).Where("id = ?", id).Scan(ctx)
	return t, found(err, "read actor token")
}

// ActorTokenFilter narrows a list of actor tokens; zero values do not. Status is compared with what one stands at, at Now.
type ActorTokenFilter struct {
	UserID string
	Status ActorTokenStatus
	Now    time.Time
	After  string
	Limit  int
}

// ActorTokens returns actor tokens by id, the newest first.
func (s *Store) ActorTokens(ctx context.Context, f ActorTokenFilter) (list []*ActorToken, err error) {
	q := s.db.NewSelect().Model(&list).Order("id DESC").Limit(limit(f.Limit))
	if f.UserID != "" {
		q = q.Where("user_id = ?", f.UserID)
	}
	switch f.Status {
	case "":
	case ActorTokenPending:
		q = q.Where("status = 'pending' AND expires_at > ?", At(f.Now))
	case ActorTokenExpired:
		q = q.Where("status = 'pending' AND expires_at <= ?", At(f.Now))
	default:
		q = q.Where("status = ?", f.Status)
	}
	if f.After != "" {
		q = q.Where("id < ?", f.After)
	}
	return list, wrap(q.Scan(ctx), "list actor tokens")
}

// AcceptActorToken redeems a pending one for the session of n, once: of any number of callers all others get ErrConflict,
// and so does whoever comes too late or too early. It is the first statement of the transaction that starts the session.
func (s *Store) AcceptActorToken(ctx context.Context, t *ActorToken, sessionID string, now time.Time) error {
	res, err := s.db.NewRaw(`UPDATE actor_tokens SET status = 'accepted', session_id = ?, updated_at = ? WHERE id = ?
		AND status = 'pending' AND expires_at > ? AND (NOT needs_approval OR approved_by <> '')`,
		sessionID, At(now), t.ID, At(now)).Exec(ctx)
	return conflictUnlessChanged(changed(res, err, "accept actor token"))
}

// RevokeActorToken takes back a pending one, or returns ErrConflict.
func (s *Store) RevokeActorToken(ctx context.Context, id string, now time.Time) error {
	res, err := s.db.NewRaw(`UPDATE actor_tokens SET status = 'revoked', updated_at = ? WHERE id = ? AND status = 'pending'
		AND expires_at > ?`, At(now), id, At(now)).Exec(ctx)
	return conflictUnlessChanged(changed(res, err, "revoke actor token"))
}

// ApproveActorToken records the second person's word for a pending one, or returns ErrConflict.
func (s *Store) ApproveActorToken(ctx context.Context, id, approver string, now time.Time) error {
	res, err := s.db.NewRaw(`UPDATE actor_tokens SET approved_by = ?, approved_at = ?, updated_at = ? WHERE id = ?
		AND status = 'pending' AND expires_at > ? AND approved_by = ''`,
		approver, At(now), At(now), id, At(now)).Exec(ctx)
	return conflictUnlessChanged(changed(res, err, "approve actor token"))
}

func conflictUnlessChanged(err error) error {
	if err == ErrNotFound {
		return ErrConflict
	}
	return err
}
