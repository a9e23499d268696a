package session

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/geo"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// Options of Sessions. Zero durations mean the defaults of 30 and 7 days.
type Options struct {
	// Secure: the issuer is https, so cookies carry the __Host- prefix. Without it only on loopback.
	Secure bool
	// Absolute and Idle bound a session's life.
	Absolute, Idle time.Duration
	// AdminAbsolute and AdminIdle bound the session of a user with a role; defaults 12 hours and 15 minutes.
	AdminAbsolute, AdminIdle time.Duration
	// Limit is how many sessions a user may have at a time, 0 for any number; a user's own limit goes before it. Beyond it
	// a sign-in replaces the session that was idle longest, or with RefuseBeyondLimit is refused (ErrLimit).
	Limit             int
	RefuseBeyondLimit bool
	// Places tells where an address is; nil: nowhere.
	Places *geo.Places
	// CrossSite lets pages of other sites use the cookies in frames (SameSite=None), for relying parties that look after
	// the session by OpenID Connect Session Management 1.0 or renew by prompt=none. See docs/adr/0010.
	CrossSite bool
	// StateKey is what the browser's state is derived by, 32 bytes that all replicas share; nil: one of this process.
	StateKey []byte
}

// Sessions starts and finds sessions.
type Sessions struct {
	store    *storage.Store
	clock    clock.Clock
	activity *Activity
	door     *logout.Door
	opts     Options
}

// New returns the Sessions of a store.
func New(store *storage.Store, clk clock.Clock, activity *Activity, door *logout.Door, opts Options) *Sessions {
	for p, d := range map[*time.Duration]time.Duration{&opts.Absolute: 30 * 24 * time.Hour, &opts.Idle: 7 * 24 * time.Hour,
		&opts.AdminAbsolute: 12 * time.Hour, &opts.AdminIdle: 15 * time.Minute} {
		if *p == 0 {
			*p = d
		}
	}
	if opts.StateKey == nil {
		opts.StateKey = secret.Bytes(32)
	}
	return &Sessions{store: store, clock: clk, activity: activity, door: door, opts: opts}
}

// ErrNone: the browser has no live session.
var ErrNone = errors.New("no session")

// Current is the active session of a browser, with its user.
type Current struct {
	*storage.Session
	User *storage.User
}

// Current returns the session that the request's cookie names, if it is live and the secret is right; otherwise ErrNone.
func (s *Sessions) Current(r *http.Request) (*Current, error) {
	userID, sessionID, key, ok := decodeSessionCookie(s.readCookie(r, sessionCookie))
	if !ok {
		return nil, ErrNone
	}
	now := s.clock.Now()
	row, user, err := s.store.LiveSession(r.Context(), userID, sessionID, now)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	if row.Kind == storage.KindOffline || !secret.Equal(secret.Hash(string(key)), row.SecretHash) {
		return nil, ErrNone
	}
	s.visited(r.Context(), row, now)
	return &Current{row, user}, nil
}

// Proof is how a user proved who they are.
type Proof struct {
	ACR string
	AMR string // space-delimited
}

// Start starts a session of the user on the browser's device and makes it the active one. The browser gets another device
// cookie, too: the one it had may have been planted or seen before anybody signed in, and with it alone the accounts of
// the browser could be chosen among elsewhere.
func (s *Sessions) Start(w http.ResponseWriter, r *http.Request, user *storage.User, p Proof) (*Current, error) {
	ctx, now := r.Context(), s.clock.Now()
	absolute, idle := s.opts.Absolute, s.opts.Idle
	if user.Role != "" {
		absolute, idle = min(absolute, s.opts.AdminAbsolute), min(idle, s.opts.AdminIdle)
	}
	key, cookie := secret.Bytes(32), secret.New(32)
	row := &storage.Session{
		UserID: user.ID, ID: id.New(id.Session), Kind: storage.KindBrowser, SecretHash: secret.Hash(string(key)),
		ACR: p.ACR, AMR: p.AMR, AuthenticatedAt: storage.At(now), CreatedAt: storage.At(now), LastActiveAt: storage.At(now),
		IdleTTL: idle.Microseconds(), ExpiresAt: storage.At(now.Add(absolute)),
	}
	s.locate(ctx, row)
	next := secret.Hash(cookie)
	shown := s.KnownBrowser(r)
	if value := s.given(w); shown == nil && value != "" {
		shown = secret.Hash(value)
	}
	if shown == nil {
		shown = next
	}
	err := s.store.Tx(ctx, func(tx *storage.Store) error {
		device, err := tx.SeeDevice(ctx, &storage.Device{ID: id.New(id.Device), CookieHash: shown,
			UserAgent: row.UserAgent, IPAddress: row.IPAddress, City: row.City, Country: row.Country, FirstSeenAt: storage.At(now), LastSeenAt: storage.At(now)})
		if err != nil {
			return err
		}
		row.DeviceID = device.ID
		if err := tx.RenewDevice(ctx, device, next, now); err != nil {
			return err
		}
		if err := tx.SignedIn(ctx, user.ID, now); err != nil { // locks the user's row, see makeRoom
			return err
		}
		if err := s.makeRoom(ctx, tx, user, now); err != nil {
			return err
		}
		if err := tx.StartSession(ctx, row); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.SessionStart(row, user.ID, ""))
	})
	if err != nil {
		return nil, err
	}
	s.setCookie(w, deviceCookie, cookie, deviceTTL)
	s.show(w, row, key, absolute)
	return &Current{row, user}, nil
}

// StepUp records a newer proof in a live session, under a new cookie secret.
func (s *Sessions) StepUp(w http.ResponseWriter, r *http.Request, c *Current, p Proof) error {
	ctx, now := r.Context(), s.clock.Now()
	key := secret.Bytes(32)
	row := *c.Session
	row.SecretHash, row.ACR, row.AMR = secret.Hash(string(key)), p.ACR, p.AMR
	row.AuthenticatedAt, row.LastActiveAt, row.LongestPause = storage.At(now), storage.At(now), 0
	s.locate(ctx, &row)
	err := s.store.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.StepUp(ctx, &row); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.SessionSteppedUp, At: now, UserID: c.UserID, SessionID: c.ID,
			DeviceID: c.DeviceID, By: c.UserID, Data: map[string]any{"amr": p.AMR, "acr": p.ACR}})
	})
	if err != nil {
		return err
	}
	c.Session = &row
	s.activity.Visited(visitOf(&row, now)) // for the device
	s.show(w, &row, key, row.ExpiresAt.Sub(now))
	return nil
}

// OnDevice returns the live sessions of the request's browser with their users, the latest used first. Of each user it is
// one.
func (s *Sessions) OnDevice(r *http.Request) ([]*Current, error) {
	seen := map[string]bool{}
	return s.onDevice(r, func(row *storage.Session) bool {
		first := !seen[row.UserID]
		seen[row.UserID] = true
		return first
	})
}

// onDevice returns those that are wanted.
func (s *Sessions) onDevice(r *http.Request, wanted func(*storage.Session) bool) (list []*Current, err error) {
	ctx := r.Context()
	hash := s.KnownBrowser(r)
	if hash == nil {
		return nil, nil
	}
	device, err := s.store.DeviceByCookie(ctx, hash)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := s.store.DeviceSessions(ctx, device.ID, s.clock.Now())
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if !wanted(row) {
			continue
		}
		user, err := s.store.User(ctx, row.UserID)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, &Current{row, user})
	}
	return list, nil
}

// Switch makes another live session of the same browser the active one, under a new cookie secret; ErrNone for a session
// that is not one of its own.
func (s *Sessions) Switch(w http.ResponseWriter, r *http.Request, sessionID string) (*Current, error) {
	list, err := s.OnDevice(r)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		if c.ID == sessionID {
			return s.activate(w, r, c)
		}
	}
	return nil, ErrNone
}

func (s *Sessions) activate(w http.ResponseWriter, r *http.Request, c *Current) (*Current, error) {
	ctx, now := r.Context(), s.clock.Now()
	key := secret.Bytes(32)
	row := *c.Session
	row.SecretHash, row.LastActiveAt = secret.Hash(string(key)), storage.At(now)
	row.LongestPause = max(row.LongestPause, now.Sub(c.LastActiveAt.Time).Microseconds()) // to choose is no proof
	s.locate(ctx, &row)
	err := s.store.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.StepUp(ctx, &row); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.SessionSwitched, At: now, UserID: c.UserID, SessionID: c.ID,
			DeviceID: c.DeviceID, By: c.UserID})
	})
	if err != nil {
		return nil, err
	}
	s.activity.Visited(visitOf(&row, now))
	s.show(w, &row, key, row.ExpiresAt.Sub(now))
	return &Current{&row, c.User}, nil
}

// show hands a browser the cookies of its active session.
func (s *Sessions) show(w http.ResponseWriter, row *storage.Session, key []byte, ttl time.Duration) {
	s.setCookie(w, sessionCookie, encodeSessionCookie(row.UserID, row.ID, key), ttl)
	s.setCookie(w, stateCookie, s.browserState(row.ID), ttl)
}

// ClearShown takes the cookies of the session away where the request showed one.
func (s *Sessions) ClearShown(w http.ResponseWriter, r *http.Request) {
	if s.aside(r) {
		return
	}
	if len(r.CookiesNamed(s.cookieName(sessionCookie))) > 0 || len(r.CookiesNamed(s.cookieName(stateCookie))) > 0 {
		s.Clear(w)
	}
}

// Clear takes the cookies of the session away.
func (s *Sessions) Clear(w http.ResponseWriter) {
	s.clearCookie(w, sessionCookie)
	s.clearCookie(w, stateCookie)
}

// offlineTTL is how long lasting access lasts at most; within it, as long as it is used.
const offlineTTL = 400 * 24 * time.Hour

// Offline makes the session that lasting access opens (OpenID Connect Core 11), without a device. For a user with a role
// it lasts no longer than any of their sessions.
func (s *Sessions) Offline(from *storage.Session, user *storage.User, now time.Time) *storage.Session {
	absolute, idle := offlineTTL, s.opts.Absolute
	if user.Role != "" {
		absolute, idle = s.opts.AdminAbsolute, s.opts.AdminIdle
	}
	return &storage.Session{
		UserID: from.UserID, ID: id.New(id.Session), Kind: storage.KindOffline,
		ACR: from.ACR, AMR: from.AMR, UserAgent: from.UserAgent, IPAddress: from.IPAddress,
		City: from.City, Country: from.Country,
		AuthenticatedAt: from.AuthenticatedAt, CreatedAt: storage.At(now), LastActiveAt: storage.At(now),
		IdleTTL: idle.Microseconds(), ExpiresAt: storage.At(now.Add(absolute)),
	}
}

// IsKnownDevice tells whether the user has signed in before on the request's browser.
func (s *Sessions) IsKnownDevice(ctx context.Context, r *http.Request, userID string) (bool, error) {
	hash := s.KnownBrowser(r)
	if hash == nil {
		return false, nil
	}
	return s.store.HasSignedIn(ctx, userID, hash, s.clock.Now().Add(-90*24*time.Hour))
}
