package storage

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// SessionKind says what a session stands for.
type SessionKind string

// Kinds of session.
const (
	KindBrowser       SessionKind = "browser"
	KindOffline       SessionKind = "offline" // an app's lasting access, OpenID Connect Core 11
	KindImpersonation SessionKind = "impersonation"
)

// SessionStatus is where a session stands. Only pending and active ones can still be used.
type SessionStatus string

// Statuses of a session.
const (
	StatusPending   SessionStatus = "pending"
	StatusActive    SessionStatus = "active"
	StatusEnded     SessionStatus = "ended"
	StatusRemoved   SessionStatus = "removed"
	StatusReplaced  SessionStatus = "replaced"
	StatusRevoked   SessionStatus = "revoked"
	StatusExpired   SessionStatus = "expired"
	StatusAbandoned SessionStatus = "abandoned"
)

// Session is one user signed in on one device. IdleTTL and LongestPause are in microseconds.
type Session struct {
	bun.BaseModel `bun:"table:sessions"`

	UserID          string `bun:"user_id,pk"`
	ID              string `bun:"id,pk"`
	DeviceID        string
	Kind            SessionKind
	Status          SessionStatus
	SecretHash      []byte
	UserEpoch       int64
	RealmEpoch      int64
	ACR             string `bun:"acr"`
	AMR             string `bun:"amr"` // space-delimited
	UserAgent       string
	IPAddress       string `bun:"ip_address"`
	City            string // of the address, in English; "" where nobody knows
	Country         string // ISO 3166-1 alpha-2
	AuthenticatedAt Time
	CreatedAt       Time
	LastActiveAt    Time
	IdleTTL         int64 `bun:"idle_ttl"`
	LongestPause    int64 // without any use, since AuthenticatedAt
	ExpiresAt       Time
	EndedAt         Time
	EndReason       string
	EndedBy         string
	ActorSub        string // who acts as the user: kind impersonation
	ActorSessionID  string // the session of theirs that this one hangs off
	ActorTokenID    string // which allowed it

	IfUnused bool `bun:"-"` // for EndSessions: only if nobody has used it since LastActiveAt, which is as it was read
}

// AbandonAt is when the session ends if nobody uses it.
func (s *Session) AbandonAt() time.Time {
	return s.LastActiveAt.Add(time.Duration(s.IdleTTL) * time.Microsecond)
}

// A session is live while it is active, neither expired nor idle, no epoch has moved since it was started (or since a client
// first took part in it), its user is active and the session that it hangs off is live, too. The instant is the reading of the
// clock taken before the statement was sent; it must be the first and the second argument.
var liveSession = `s.status = 'active' AND s.expires_at > ? AND s.last_active_at + s.idle_ttl > ?
	AND s.user_epoch = u.epoch AND u.status = 'active' AND s.realm_epoch = (SELECT epoch FROM realm WHERE id = 1)
	AND ` + notEndedWithClient + ` AND ` + actorLive("s.actor_sub", "s.actor_session_id", "?0")

// StartSession adds an active session under the current epochs of its user and of everybody, or returns ErrNotFound
// where the user is not active (any more).
func (s *Store) StartSession(ctx context.Context, n *Session) error {
	return s.Tx(ctx, func(tx *Store) error {
		err := tx.db.NewRaw(`SELECT u.epoch, (SELECT epoch FROM realm WHERE id = 1) FROM users u
			WHERE u.id = ? AND u.status = 'active'`, n.UserID).Scan(ctx, &n.UserEpoch, &n.RealmEpoch)
		if err != nil {
			return found(err, "read epochs")
		}
		n.Status = StatusActive
		if _, err = tx.db.NewInsert().Model(n).Exec(ctx); err != nil {
			return wrap(err, "insert session")
		}
		due := n.AbandonAt()
		if n.ExpiresAt.Before(due) {
			due = n.ExpiresAt.Time
		}
		_, err = tx.db.NewRaw(`INSERT INTO session_dues (session_id, due_at) VALUES (?, ?)`, n.ID, At(due)).Exec(ctx)
		return wrap(err, "file session")
	})
}

// LiveSession returns a session that can be used at now, with its user; or ErrNotFound.
func (s *Store) LiveSession(ctx context.Context, userID, sessionID string, now time.Time) (*Session, *User, error) {
	n := new(Session)
	err := s.db.NewSelect().Model(n).ModelTableExpr("sessions AS s").ColumnExpr("s.*").
		Join("JOIN users AS u ON u.id = s.user_id").
		Where("s.user_id = ? AND s.id = ?", userID, sessionID).Where(liveSession, At(now), At(now)).Scan(ctx)
	if err != nil {
		return nil, nil, found(err, "read session")
	}
	u, err := s.User(ctx, userID)
	return n, u, err
}

// Session returns a session by its id alone, whatever its status, or ErrNotFound.
func (s *Store) Session(ctx context.Context, id string) (*Session, error) {
	n := new(Session)
	err := s.db.NewSelect().Model(n).Where("id = ?", id).Scan(ctx)
	return n, found(err, "read session")
}

// StepUp records a newer authentication in a live session and exchanges its cookie's secret (session fixation: a secret
// known from before must not gain what was proved after). It returns ErrNotFound if the session has ended, or is an
// impersonation, in which nobody proves anything. As with Touch, a session's time is not moved back, since it may be filed under
// a later one, and what has run out by LastActiveAt does not come back.
func (s *Store) StepUp(ctx context.Context, n *Session) error {
	res, err := s.db.NewUpdate().Model(n).
		Column("secret_hash", "acr", "amr", "authenticated_at", "longest_pause", "user_agent", "ip_address", "city", "country").
		Set("last_active_at = CASE WHEN last_active_at > ?0 THEN last_active_at ELSE ?0 END", n.LastActiveAt).
		WherePK().Where("status = 'active' AND kind <> 'impersonation'").
		Where("expires_at > ?0 AND last_active_at + idle_ttl > ?0", n.LastActiveAt).Exec(ctx)
	return changed(res, err, "step up session")
}

// DeviceSessions returns the live browser sessions of a device, the latest used first.
func (s *Store) DeviceSessions(ctx context.Context, deviceID string, now time.Time) (list []*Session, err error) {
	err = s.db.NewSelect().Model(&list).ModelTableExpr("sessions AS s").ColumnExpr("s.*").
		Join("JOIN users AS u ON u.id = s.user_id").
		Where("s.device_id = ? AND s.kind = 'browser'", deviceID).Where(liveSession, At(now), At(now)).
		Order("s.last_active_at DESC", "s.id DESC").Scan(ctx)
	return list, wrap(err, "list sessions of a device")
}

// BrowserSessions returns the live sessions in which a user is signed in somewhere, the latest used first.
func (s *Store) BrowserSessions(ctx context.Context, userID string, now time.Time) (list []*Session, err error) {
	err = s.db.NewSelect().Model(&list).ModelTableExpr("sessions AS s").ColumnExpr("s.*").
		Join("JOIN users AS u ON u.id = s.user_id").
		Where("s.user_id = ? AND s.kind = 'browser'", userID).Where(liveSession, At(now), At(now)).
		Order("s.last_active_at DESC", "s.id DESC").Scan(ctx)
	return list, wrap(err, "list browser sessions")
}

// SessionFilter narrows a list of sessions. Live narrows to those that can be used at Now, where a status only says
// what was last written.
type SessionFilter struct {
	UserID string
	Status string
	Live   bool
	Now    time.Time
	After  string
	Limit  int
}

// Sessions returns sessions by id, the newest first.
func (s *Store) Sessions(ctx context.Context, f SessionFilter) (list []*Session, err error) {
	q := s.db.NewSelect().Model(&list).ModelTableExpr("sessions AS s").ColumnExpr("s.*").
		Order("s.id DESC").Limit(limit(f.Limit))
	if f.UserID != "" {
		q = q.Where("s.user_id = ?", f.UserID)
	}
	if f.Status != "" {
		q = q.Where("s.status = ?", f.Status)
	}
	if f.Live {
		q = q.Join("JOIN users AS u ON u.id = s.user_id").Where(liveSession, At(f.Now), At(f.Now))
	}
	if f.After != "" {
		q = q.Where("s.id < ?", f.After)
	}
	return list, wrap(q.Scan(ctx), "list sessions")
}

// SessionClients returns the clients that took part in a session.
func (s *Store) SessionClients(ctx context.Context, userID, sessionID string) (ids []string, err error) {
	err = s.db.NewRaw(`SELECT client_id FROM client_sessions WHERE user_id = ? AND session_id = ? ORDER BY client_id`,
		userID, sessionID).Scan(ctx, &ids)
	return ids, wrap(err, "read client sessions")
}

// Overdue returns sessions that are still marked active although their time has run out or an epoch has moved, for the job
// that takes them through the door, at most n; where it returns fewer there are no more. That job comes by every second: none of the
// looks reads sessions that live.
func (s *Store) Overdue(ctx context.Context, now time.Time, n int) (list []*SessionView, err error) {
	if err := s.fileMoved(ctx, n); err != nil {
		return nil, err
	}
	for _, look := range []func(context.Context, time.Time, int) ([]*SessionView, error){s.due, s.endedWithAll, s.orphans} {
		if len(list) >= n {
			break
		}
		more, err := look(ctx, now, n-len(list))
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	list = onlyFirst(list)
	return list, s.addMoves(ctx, list)
}

// onlyFirst leaves of a session that is there more than once the first.
func onlyFirst(list []*SessionView) []*SessionView {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(v *SessionView) bool {
		again := seen[v.ID]
		seen[v.ID] = true
		return again
	})
}

// Activity is a use of a session that was seen.
type Activity struct {
	UserID, SessionID string
	At                time.Time
}

// Touch writes when sessions were last used; it never moves a session's time back and never revives one: where the idle time
// has run out by now, somebody may have been told so, and a use of before comes too late.
func (s *Store) Touch(ctx context.Context, seen []Activity, now time.Time) error {
	if len(seen) == 0 {
		return nil
	}
	return wrap(s.dialect.touch(ctx, seen, now), "record activity")
}

// OfflineSessions returns the active sessions that are a client's lasting access to a user.
func (s *Store) OfflineSessions(ctx context.Context, userID, clientID string) (list []*Session, err error) {
	err = s.db.NewSelect().Model(&list).Where("user_id = ? AND kind = 'offline' AND status = 'active'", userID).
		Where("id IN (SELECT session_id FROM client_sessions WHERE user_id = ? AND client_id = ?)", userID, clientID).
		Scan(ctx)
	return list, wrap(err, "list offline sessions")
}
