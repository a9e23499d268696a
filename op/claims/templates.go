package claims

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/curfew-id/curfew/storage"
)

// Templates are the claim templates of all clients, compiled, and what they say of the users who were here lately. Each use
// brings the version that the statement read which reads the session too, so a change is in the next token.
type Templates struct {
	issuer string
	store  *storage.Store

	mu    sync.Mutex
	set   *set
	fresh map[boundKey]boundUser // what was used lately, in two generations
	stale map[boundKey]boundUser
}

// set is immutable.
type set struct {
	version  int64
	session  *Template
	byClient map[string]*Template // each with what the session's adds
}

type boundKey struct {
	template *Template
	userID   string
}

type boundUser struct {
	version int64
	bound   *Bound
}

const boundKept = 50_000 // of each generation, at some 500 bytes each

// NewTemplates returns the Templates of a store, for tokens of an issuer.
func NewTemplates(issuer string, store *storage.Store) *Templates {
	return &Templates{issuer: issuer, store: store, set: new(set), fresh: map[boundKey]boundUser{}, stale: map[boundKey]boundUser{}}
}

// Members are what the templates put into a token.
type Members struct {
	Names []string
	JSON  []byte // the members of an object, without braces; empty for nothing
}

// Members returns what the templates put into a token for a grant. It returns storage.ErrNotFound where the user was deleted
// since the grant was read.
func (t *Templates) Members(ctx context.Context, g *storage.Grant, clientName string) (m Members, err error) {
	if g.TemplatesVersion == 0 { // nobody ever saved one
		return m, nil
	}
	set, err := t.current(ctx, g.TemplatesVersion)
	if err != nil {
		return m, err
	}
	template := set.session
	if own := set.byClient[g.ClientID]; own != nil {
		template = own
	}
	if template == nil || len(template.Members) == 0 {
		return m, nil
	}
	bound, err := t.bind(ctx, template, g.UserID, g.UserVersion)
	if err != nil {
		return m, err
	}
	body := bound.Append(make([]byte, 0, 512), &Session{ID: g.SessionID, Kind: string(g.SessionKind), ACR: g.ACR,
		AuthenticatedAt: g.AuthenticatedAt, ExpiresAt: g.ExpiresAt, ClientID: g.ClientID, ClientName: clientName,
		ActorIssuer: t.actorIssuer(g.ActorSub), ActorSub: g.ActorSub, ActorSID: g.ActorSessionID})
	return Members{Names: template.Members, JSON: body}, nil
}

// actorIssuer is ours where there is an actor.
func (t *Templates) actorIssuer(actorSub string) string {
	if actorSub == "" {
		return ""
	}
	return t.issuer
}

// current returns the templates of a version or a newer one.
func (t *Templates) current(ctx context.Context, version int64) (*set, error) {
	t.mu.Lock()
	have := t.set
	t.mu.Unlock()
	if have.version >= version {
		return have, nil
	}
	version, rows, err := t.store.ClaimTemplates(ctx)
	if err != nil {
		return nil, err
	}
	next, err := compile(version, rows)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if next.version > t.set.version {
		t.set = next
	}
	return t.set, nil
}

func compile(version int64, rows []*storage.ClaimTemplate) (*set, error) {
	s := &set{version: version, byClient: map[string]*Template{}}
	var base []byte
	for _, row := range rows {
		if row.Kind == storage.TemplateSession {
			base = []byte(row.Claims)
		}
	}
	var err error
	if base != nil {
		if s.session, err = Parse(base); err != nil {
			return nil, fmt.Errorf("claim template of all clients: %w", err)
		}
	}
	for _, row := range rows {
		if row.Kind != storage.TemplateClient {
			continue
		}
		if s.byClient[row.Name], err = together(base, []byte(row.Claims)); err != nil {
			return nil, fmt.Errorf("claim template of client %s: %w", row.Name, err)
		}
	}
	return s, nil
}

func together(first, second []byte) (*Template, error) {
	source, err := Combine(first, second)
	if err != nil {
		return nil, err
	}
	return Parse(source)
}

// bind returns a template with what it says of a user in place, as the user is in version or newer.
func (t *Templates) bind(ctx context.Context, template *Template, userID string, version int64) (*Bound, error) {
	k := boundKey{template, userID}
	t.mu.Lock()
	b, ok := t.fresh[k]
	if !ok {
		if b, ok = t.stale[k]; ok {
			t.keep(k, b)
		}
	}
	t.mu.Unlock()
	if ok && b.version >= version {
		return b.bound, nil
	}
	row, err := t.store.User(ctx, userID)
	if err != nil {
		return nil, err
	}
	u, err := t.describe(ctx, row)
	if err != nil {
		return nil, err
	}
	b = boundUser{row.Version, template.Bind(u)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keep(k, b)
	return b.bound, nil
}

// keep is called with the lock held.
func (t *Templates) keep(k boundKey, b boundUser) {
	if len(t.fresh) >= boundKept {
		t.fresh, t.stale = map[boundKey]boundUser{}, t.fresh
	}
	t.fresh[k] = b
}

func (t *Templates) describe(ctx context.Context, row *storage.User) (*User, error) {
	ids, err := t.store.Identifiers(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	return userOf(row, ids), nil
}

func userOf(row *storage.User, ids []*storage.Identifier) *User {
	u := &User{ID: row.ID, Name: row.Name, GivenName: row.GivenName, FamilyName: row.FamilyName, Locale: row.Locale,
		Role: row.Role, PublicMetadata: []byte(row.PublicMetadata), PrivateMetadata: []byte(row.PrivateMetadata),
		UnsafeMetadata: []byte(row.UnsafeMetadata), CreatedAt: row.CreatedAt.Time, UpdatedAt: row.UpdatedAt.Time}
	for _, i := range ids {
		switch {
		case i.Kind == storage.IdentifierEmail && i.IsPrimary:
			u.PrimaryEmail, u.EmailVerified = i.Display, i.VerifiedAt.Set()
		case i.Kind == storage.IdentifierPhone && u.PrimaryPhone == "":
			u.PrimaryPhone, u.PhoneVerified = i.Value, i.VerifiedAt.Set()
		}
	}
	return u
}

// Named returns the members of the template of a name for a live session, or storage.ErrNotFound.
func (t *Templates) Named(ctx context.Context, name string, user *storage.User, s *Session) ([]byte, error) {
	row, err := t.store.ClaimTemplate(ctx, storage.TemplateNamed, name)
	if err != nil {
		return nil, err
	}
	template, err := Parse([]byte(row.Claims))
	if err != nil {
		return nil, fmt.Errorf("claim template %s: %w", name, err)
	}
	u, err := t.describe(ctx, user)
	if err != nil {
		return nil, err
	}
	about := *s
	about.ActorIssuer = t.actorIssuer(s.ActorSub)
	return template.Bind(u).Append(nil, &about), nil
}

// Put saves a template in tx; of its row, Kind, Name, Claims and the times must be set. It returns a *Fault for one that
// cannot be, alone or together with those that would join it in a token.
func (t *Templates) Put(ctx context.Context, tx *storage.Store, row *storage.ClaimTemplate) error {
	if _, err := Parse([]byte(row.Claims)); err != nil {
		return err
	}
	if err := tx.MoveClaimTemplates(ctx); err != nil {
		return err
	}
	if err := check(ctx, tx, row); err != nil {
		return err
	}
	return tx.PutClaimTemplate(ctx, row)
}

// check adds up what would stand in one token.
func check(ctx context.Context, tx *storage.Store, next *storage.ClaimTemplate) error {
	if next.Kind == storage.TemplateNamed {
		return nil
	}
	_, rows, err := tx.ClaimTemplates(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		first, second, whose := []byte(row.Claims), []byte(next.Claims), "that of all clients"
		switch {
		case row.Kind == next.Kind, row.Kind == storage.TemplateNamed:
			continue
		case row.Kind == storage.TemplateClient:
			first, second, whose = second, first, "that of the client "+row.Name
		}
		var fault *Fault
		if _, err := together(first, second); errors.As(err, &fault) {
			return &Fault{fault.At, "together with " + whose + ": " + fault.Reason}
		} else if err != nil {
			return err
		}
	}
	return nil
}
