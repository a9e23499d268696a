package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// ErrUnknown: there is no such client.
var ErrUnknown = errors.New("unknown client")

// Registry reads and writes clients. It keeps parsed ones in memory; what it keeps is checked against the version in the
// database by every use, by Get or by the statement that does the work (Check).
type Registry struct {
	store  *storage.Store
	clock  clock.Clock
	limits Limits

	mu      sync.RWMutex
	clients map[string]*Client
	origins *origins // of all clients
}

// NewRegistry returns the Registry of a store.
func NewRegistry(store *storage.Store, clk clock.Clock) *Registry {
	return &Registry{store: store, clock: clk, clients: map[string]*Client{}}
}

// Get returns a client as the database has it now, or ErrUnknown.
func (r *Registry) Get(ctx context.Context, clientID string) (*Client, error) {
	if !plausible(clientID) {
		return nil, ErrUnknown
	}
	c := r.cached(clientID)
	if c == nil {
		return r.read(ctx, clientID)
	}
	v, err := r.store.ClientVersion(ctx, clientID)
	if err != nil {
		return nil, err
	}
	if v != c.Version {
		return r.read(ctx, clientID)
	}
	return c, nil
}

// Recent returns a client as it was when last read, which may be out of date: whoever uses it must compare its Version
// with the one its own statement returns, and begin again with Get where they differ.
func (r *Registry) Recent(ctx context.Context, clientID string) (*Client, error) {
	if c := r.cached(clientID); c != nil {
		return c, nil
	}
	return r.Get(ctx, clientID)
}

// In returns a client as a transaction sees it, or ErrUnknown.
func (r *Registry) In(ctx context.Context, tx *storage.Store, clientID string) (*Client, error) {
	row, err := tx.Client(ctx, clientID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	return fromRow(row)
}

// AllIn returns clients as a transaction sees them, by id; there is none for an id that nobody has.
func (r *Registry) AllIn(ctx context.Context, tx *storage.Store, ids []string) (map[string]*Client, error) {
	rows, err := tx.ClientsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make(map[string]*Client, len(rows))
	for _, row := range rows {
		if all[row.ID], err = fromRow(row); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (r *Registry) cached(clientID string) *Client {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.clients[clientID]
}

func (r *Registry) read(ctx context.Context, clientID string) (*Client, error) {
	row, err := r.store.Client(ctx, clientID)
	if errors.Is(err, storage.ErrNotFound) {
		r.mu.Lock()
		delete(r.clients, clientID)
		r.mu.Unlock()
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	c, err := fromRow(row)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.clients) >= 10_000 { // bounded; a full cache starts over
		clear(r.clients)
	}
	r.clients[clientID] = c
	return c, nil
}

func fromRow(row *storage.Client) (*Client, error) {
	c := &Client{ID: row.ID, Version: row.Version, Epoch: row.Epoch, SecretHash: row.SecretHash}
	if err := json.Unmarshal([]byte(row.Metadata), &c.Metadata); err != nil {
		return nil, fmt.Errorf("client %s: %w", row.ID, err)
	}
	return c, nil
}

// plausible spares a query for what cannot be the id of a client.
func plausible(s string) bool {
	return s != "" && len(s) <= 200 && ValidScope(s[:min(len(s), 100)])
}

// Register adds a client and returns it with its secret, which is shown this once; empty for clients without one. An
// empty clientID asks for a fresh one. It returns a *FieldError for metadata that cannot be accepted and
// storage.ErrConflict for an id that is taken.
func (r *Registry) Register(ctx context.Context, tx *storage.Store, clientID string, m Metadata) (*Client, string, error) {
	if err := m.Complete(); err != nil {
		return nil, "", err
	}
	if err := r.limits.check(Metadata{}, m); err != nil {
		return nil, "", err
	}
	if clientID == "" {
		clientID = id.New(id.Client)
	} else if !plausible(clientID) {
		return nil, "", bad("client_id", "at most 200 printable characters")
	}
	body, err := json.Marshal(m)
	if err != nil {
		return nil, "", err
	}
	now := storage.At(r.clock.Now())
	row := &storage.Client{ID: clientID, Metadata: string(body), CreatedAt: now, UpdatedAt: now}
	plain := newSecret(m)
	if plain != "" {
		row.SecretHash = secret.Hash(plain)
	}
	if err := tx.InsertClient(ctx, row); err != nil {
		return nil, "", err
	}
	c, err := fromRow(row)
	return c, plain, err
}

func newSecret(m Metadata) string {
	if hasSecret(m) {
		return secret.New(32)
	}
	return ""
}

func hasSecret(m Metadata) bool {
	return m.TokenEndpointAuthMethod == AuthBasic || m.TokenEndpointAuthMethod == AuthPost
}

// Update replaces the metadata of c, which must be as the database has it (otherwise storage.ErrConflict). A client that
// changes to a method with a secret needs RotateSecret; one that changes from it has none any more.
func (r *Registry) Update(ctx context.Context, tx *storage.Store, c *Client, m Metadata) (*Client, error) {
	if err := m.Complete(); err != nil {
		return nil, err
	}
	if err := r.limits.check(c.Metadata, m); err != nil {
		return nil, err
	}
	next := *c
	next.Metadata = m
	if !hasSecret(m) {
		next.SecretHash = nil // or it would be good again when the method comes back
	}
	return &next, r.write(ctx, tx, &next)
}

// RotateSecret gives c a new secret and returns it; the old one is refused from the next request on.
func (r *Registry) RotateSecret(ctx context.Context, tx *storage.Store, c *Client) (*Client, string, error) {
	plain := newSecret(c.Metadata)
	if plain == "" {
		return nil, "", bad("token_endpoint_auth_method", "%s has no secret", c.TokenEndpointAuthMethod)
	}
	next := *c
	next.SecretHash = secret.Hash(plain)
	return &next, plain, r.write(ctx, tx, &next)
}

func (r *Registry) write(ctx context.Context, tx *storage.Store, c *Client) error {
	body, err := json.Marshal(c.Metadata)
	if err != nil {
		return err
	}
	row := &storage.Client{ID: c.ID, Version: c.Version, SecretHash: c.SecretHash, Metadata: string(body),
		UpdatedAt: storage.At(r.clock.Now())}
	if err := tx.UpdateClient(ctx, row); err != nil {
		return err
	}
	c.Version = row.Version
	return nil
}
