package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// The clients of the benchmark: one keeps its refresh token, one rotates it, one asks on its own behalf.
const (
	keptClient     = "bench-confidential"
	rotatingClient = "bench-public"
	ownClient      = "bench-service"
)

const (
	issuer   = "http://127.0.0.1"
	redirect = "https://app.example.com/callback"
	scope    = "openid profile email"
)

// login is a client's name and password.
type login struct{ ID, Secret string }

// chain is a session as its relying party knows it.
type chain struct {
	UserID, SessionID string
	Refresh           string // the refresh token to present next
	family            string
}

// register adds the clients.
func register(ctx context.Context, store *storage.Store) (map[string]login, error) {
	clients := map[string]login{}
	registry := client.NewRegistry(store, clock.System{})
	for id, m := range map[string]client.Metadata{
		keptClient:     {Scope: scope, RedirectURIs: []string{redirect}},
		rotatingClient: {Scope: scope, RedirectURIs: []string{redirect}, TokenEndpointAuthMethod: client.AuthNone},
		ownClient:      {Scope: "users:read", GrantTypes: []string{client.GrantClientCredentials}},
	} {
		_, plain, err := registry.Register(ctx, store, id, m)
		if err != nil {
			return nil, fmt.Errorf("register %s: %w", id, err)
		}
		clients[id] = login{id, plain}
	}
	return clients, nil
}

// populate starts n sessions with a family of refresh tokens each. One session of each client goes the way of the server;
// the others are copies of its rows under ids of their own, which takes a second instead of half a minute.
func (b *bench) populate(ctx context.Context, store *storage.Store, master []byte) (kept, rotating []*chain, err error) {
	tokens := token.New(issuer, nil, store, clock.System{}, master)
	conn, err := pgx.Connect(ctx, b.url)
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close(ctx)
	for clientID, chains := range map[string]*[]*chain{keptClient: &kept, rotatingClient: &rotating} {
		first, err := signIn(ctx, store, clientID)
		if err != nil {
			return nil, nil, fmt.Errorf("start a session: %w", err)
		}
		copies := []*chain{first}
		for len(copies) < b.Sessions/2 {
			copies = append(copies, &chain{UserID: id.New(id.User), SessionID: id.New(id.Session), family: id.New(id.Family)})
		}
		if err := multiply(ctx, conn, copies); err != nil {
			return nil, nil, fmt.Errorf("copy a session: %w", err)
		}
		for _, c := range copies {
			if c.Refresh, err = tokens.Refresh(c.UserID, c.family, 1); err != nil {
				return nil, nil, err
			}
		}
		*chains = copies
	}
	return kept, rotating, store.FileSessions(ctx)
}

// signIn makes a user with a session and redeems a code for a client in it.
func signIn(ctx context.Context, store *storage.Store, clientID string) (*chain, error) {
	at := now()
	stamp := storage.At(at)
	u := &storage.User{ID: id.New(id.User), Status: storage.UserActive, Name: "Alex Example", Locale: "en",
		PublicMetadata: "{}", PrivateMetadata: "{}", UnsafeMetadata: "{}", CreatedAt: stamp, UpdatedAt: stamp}
	if err := store.InsertUser(ctx, u); err != nil {
		return nil, err
	}
	n := &storage.Session{UserID: u.ID, ID: id.New(id.Session), DeviceID: id.New(id.Device), Kind: storage.KindBrowser,
		SecretHash: secret.Bytes(32), ACR: "1", AMR: "pwd", UserAgent: "Mozilla/5.0", IPAddress: "192.0.2.1",
		AuthenticatedAt: stamp, CreatedAt: stamp, LastActiveAt: stamp, IdleTTL: (7 * 24 * time.Hour).Microseconds(),
		ExpiresAt: storage.At(at.Add(30 * 24 * time.Hour))}
	if err := store.StartSession(ctx, n); err != nil {
		return nil, err
	}
	code := &storage.Code{Hash: secret.Bytes(32), ClientID: clientID, UserID: u.ID, SessionID: n.ID, RedirectURI: redirect,
		Scope: scope, FamilyID: id.New(id.Family), CreatedAt: stamp, ExpiresAt: storage.At(at.Add(time.Minute))}
	if err := store.InsertCode(ctx, code); err != nil {
		return nil, err
	}
	_, grant, err := store.Redeem(ctx, storage.Redemption{Hash: code.Hash, ClientID: clientID, RedirectURI: redirect, Now: at})
	if err != nil {
		return nil, err
	}
	return &chain{UserID: u.ID, SessionID: n.ID, family: grant.FamilyID}, nil
}

// multiply copies the rows of the first chain for the others. What is not named here is as in the first.
func multiply(ctx context.Context, conn *pgx.Conn, chains []*chain) error {
	of := chains[0]
	for _, t := range []struct {
		name string
		row  func(i int, c *chain) map[string]any
	}{
		{"users", func(_ int, c *chain) map[string]any { return map[string]any{"id": c.UserID} }},
		{"sessions", func(i int, c *chain) map[string]any {
			// As they are found in a server that has been running: the last use of each lies somewhere in the last five
			// minutes, so that some become due for writing it down while the benchmark runs.
			last := now().Add(-time.Duration(i%300) * time.Second)
			return map[string]any{"user_id": c.UserID, "id": c.SessionID, "last_active_at": last.UnixMicro()}
		}},
		{"client_sessions", func(_ int, c *chain) map[string]any {
			return map[string]any{"user_id": c.UserID, "session_id": c.SessionID}
		}},
		{"token_families", func(_ int, c *chain) map[string]any {
			return map[string]any{"user_id": c.UserID, "session_id": c.SessionID, "id": c.family}
		}},
	} {
		key := "user_id"
		if t.name == "users" {
			key = "id"
		}
		rows := make([]map[string]any, 0, len(chains))
		for i, c := range chains[1:] {
			rows = append(rows, t.row(i, c))
		}
		_, err := conn.Exec(ctx, fmt.Sprintf(`INSERT INTO %[1]s SELECT made.* FROM %[1]s first, jsonb_array_elements($2::jsonb) other,
			jsonb_populate_record(first, other) made WHERE first.%[2]s = $1`, t.name, key), of.UserID, rows)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}
