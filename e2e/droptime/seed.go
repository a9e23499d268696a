package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

const (
	sessionTTL = 30 * 24 * time.Hour
	idleTTL    = 7 * 24 * time.Hour
	// idleShort is the idle time of sessions that are to end by it, counted from their party's first token: over long before the
	// party refreshes, 40 s after that.
	idleShort = 10 * time.Second
	// generation is where families begin, so that there are older tokens to present.
	generation = 5

	password    = "one more cup of coffee"
	newPassword = "two more cups of coffee"
)

// person is what was written for a session beside itself, as its user knows it.
type person struct {
	email   string
	address string // that they come from
	session string // the cookie of the session
	hand    string // the cookie of another session of theirs, to end this one with
	device  string // the cookie of the browser
	code    string // that was redeemed for the session
	// verifier is the code's, RFC 7636.
	verifier string
}

func secretText(n int) string { return secret.New(n) }

// sessionCookie is the cookie that opens a session, and what the row keeps of its secret.
func sessionCookie(userID, sessionID string) (value string, hash []byte) {
	user, _ := id.Bytes(id.User, userID)
	session, _ := id.Bytes(id.Session, sessionID)
	key := secret.Bytes(32)
	return base64.RawURLEncoding.EncodeToString(append(append(user[:], session[:]...), key...)), secret.Hash(string(key))
}

// table gathers rows for one COPY.
type table struct {
	name    string
	columns []string
	rows    [][]any
}

func (t *table) add(values ...any) { t.rows = append(t.rows, values) }

// seeding writes the rows of all sessions.
type seeding struct {
	rig *rig
	at  time.Time

	users, identifiers, factors, devices, sessions, parts, families, consents, codes *table
}

func (r *rig) seed(ctx context.Context, list []*held) error {
	at := now()
	s := &seeding{rig: r, at: at,
		users:       &table{name: "users", columns: []string{"id", "status", "name", "locale", "session_limit", "created_at", "updated_at"}},
		identifiers: &table{name: "identifiers", columns: []string{"kind", "value", "user_id", "display", "is_primary", "verified_at", "created_at"}},
		factors:     &table{name: "factors", columns: []string{"user_id", "id", "kind", "secret", "confirmed_at", "created_at"}},
		devices:     &table{name: "devices", columns: []string{"id", "cookie_hash", "user_agent", "ip_address", "first_seen_at", "last_seen_at"}},
		sessions: &table{name: "sessions", columns: []string{"user_id", "id", "device_id", "kind", "status", "secret_hash", "user_epoch", "realm_epoch",
			"acr", "amr", "user_agent", "ip_address", "authenticated_at", "created_at", "last_active_at", "idle_ttl", "expires_at"}},
		parts: &table{name: "client_sessions", columns: []string{"user_id", "session_id", "client_id", "client_epoch", "first_token_at"}},
		families: &table{name: "token_families", columns: []string{"user_id", "id", "session_id", "client_id", "client_epoch", "scope", "generation",
			"rotated_at", "created_at"}},
		consents: &table{name: "consents", columns: []string{"user_id", "client_id", "scope", "granted_at", "updated_at"}},
		codes: &table{name: "codes", columns: []string{"hash", "client_id", "user_id", "session_id", "redirect_uri", "code_challenge", "scope", "nonce",
			"family_id", "offline", "created_at", "expires_at", "redeemed_at"}}}
	hashed, err := r.hashedPassword(ctx)
	if err != nil {
		return err
	}
	tokens := token.New(r.issuer, nil, r.store, nil, r.master)
	for _, h := range list {
		s.write(h, hashed)
		refresh, err := tokens.Refresh(h.userID, h.familyID, generation)
		if err != nil {
			return err
		}
		if err := h.signIn(ctx, refresh); err != nil {
			return err
		}
	}
	conn, err := pgx.Connect(ctx, r.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, t := range []*table{s.users, s.identifiers, s.factors, s.devices, s.sessions, s.parts, s.families, s.consents, s.codes} {
		if _, err := conn.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
			return fmt.Errorf("seed %s: %w", t.name, err)
		}
	}
	if err := r.store.FileSessions(ctx); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "ANALYZE")
	return err
}

// write gathers the rows of one session: of a user of its own, with what its cause needs.
func (s *seeding) write(h *held, hashed []byte) {
	at, c := s.at.UnixMicro(), h.cause
	if c == nil {
		c = &cause{}
	}
	h.seed = person{email: fmt.Sprintf("user-%d@example.com", h.n), address: fmt.Sprintf("198.51.%d.%d", h.n/256%256, h.n%256)}
	limit, kind, device := 0, storage.KindBrowser, ""
	if c.limited {
		limit = 1
	}
	s.users.add(h.userID, "active", "Alex Example", "en", limit, at, at)
	s.identifiers.add("email", h.seed.email, h.userID, h.seed.email, true, at, at)
	if c.password {
		s.factors.add(h.userID, id.New(id.Factor), "password", hashed, at, at)
	}
	if c.device {
		h.seed.device, device = secret.New(32), id.New(id.Device)
		s.devices.add(device, secret.Hash(h.seed.device), "", h.seed.address, at, at)
	}
	lasting, idle := s.at.Add(sessionTTL), idleTTL
	if c.offline {
		kind = storage.KindOffline
	}
	switch {
	case c.name == causeExpired:
		lasting = h.expected
	case c.name == causeIdle:
		idle = idleShort
	}
	var key []byte
	h.seed.session, key = sessionCookie(h.userID, h.sessionID)
	s.session(h.userID, h.sessionID, device, kind, key, h.seed.address, idle, lasting, h.expected)
	if c.hand {
		handID := id.New(id.Session)
		h.seed.hand, key = sessionCookie(h.userID, handID)
		s.session(h.userID, handID, "", storage.KindBrowser, key, h.seed.address, idleTTL, s.at.Add(sessionTTL), time.Time{})
	}
	scope := "openid profile email"
	s.parts.add(h.userID, h.sessionID, h.party.clientID, 0, at)
	for _, extra := range h.rig.beside(h) {
		s.parts.add(h.userID, h.sessionID, extra, 0, at)
	}
	s.families.add(h.userID, h.familyID, h.sessionID, h.party.clientID, 0, scope, generation, at, at)
	if c.consent {
		s.consents.add(h.userID, h.party.clientID, scope, at, at)
	}
	if c.code {
		h.seed.code, h.seed.verifier = secret.New(32), secret.New(32)
		sum := sha256.Sum256([]byte(h.seed.verifier))
		s.codes.add(secret.Hash(h.seed.code), h.party.clientID, h.userID, h.sessionID, h.rig.base(h.party.clientID)+"/auth/callback",
			base64.RawURLEncoding.EncodeToString(sum[:]), scope, "", h.familyID, true, at, s.at.Add(time.Minute).UnixMicro(), at)
	}
}

// session adds a row of one. Of one that is to end by idling the last use is the one that is still to come: until then it
// must not end.
func (s *seeding) session(userID, sessionID, device string, kind storage.SessionKind, key []byte, address string, idle time.Duration,
	lasting, ends time.Time) {
	at, active := s.at.UnixMicro(), s.at
	if idle == idleShort {
		active = ends.Add(-idle)
	}
	s.sessions.add(userID, sessionID, device, string(kind), "active", key, 0, 0, "1", "pwd", "Mozilla/5.0", address, at, at,
		active.UnixMicro(), idle.Microseconds(), lasting.UnixMicro())
}

// hashedPassword is what is stored of the password that all have.
func (r *rig) hashedPassword(ctx context.Context) ([]byte, error) {
	f := factor.New(r.store, factor.Options{Clock: clock.System{}, Key: r.master})
	accepted, err := f.AcceptPassword(ctx, password)
	if err != nil {
		return nil, err
	}
	first := &storage.User{ID: id.New(id.User), Status: storage.UserActive, PublicMetadata: "{}", PrivateMetadata: "{}",
		UnsafeMetadata: "{}", CreatedAt: storage.At(now()), UpdatedAt: storage.At(now())}
	if err := r.store.InsertUser(ctx, first); err != nil {
		return nil, err
	}
	if err := f.StorePassword(ctx, r.store, first.ID, accepted); err != nil {
		return nil, err
	}
	list, err := r.store.Factors(ctx, first.ID, "password")
	if err != nil || len(list) != 1 {
		return nil, fmt.Errorf("read the password: %d, %w", len(list), err)
	}
	return list[0].Secret, nil
}
