package authflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/consent"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// TTL is how long a person has to sign in.
const TTL = time.Hour

// Errors of a flow.
var (
	// ErrGone: there is no such flow in this browser: it ran out, was answered, or belongs to another one.
	ErrGone = errors.New("sign-in has run out or belongs to another browser")
	// ErrBrowser is an ErrGone: the flow was begun in another browser, or this one does not show its cookie.
	ErrBrowser = fmt.Errorf("%w: not this browser's", ErrGone)
	// ErrStale: the step was answered twice at once; look at Next again.
	ErrStale = errors.New("step was answered already")
)

// Params is what was asked for. A flow without a ClientID signs in to curfew itself and goes to Goal after.
type Params struct {
	ClientID     string `json:"client_id,omitempty"`
	Goal         Goal   `json:"goal,omitempty"`
	RedirectURI  string `json:"redirect_uri,omitempty"`
	ResponseMode string `json:"response_mode,omitempty"`
	Scope        string `json:"scope,omitempty"`
	// ClaimScope are the scopes of claims that were asked for by name (Core 5.5): consented to, not granted.
	ClaimScope    string          `json:"claim_scope,omitempty"`
	State         string          `json:"state,omitempty"`
	Nonce         string          `json:"nonce,omitempty"`
	CodeChallenge string          `json:"code_challenge,omitempty"`
	Prompt        []string        `json:"prompt,omitempty"`
	MaxAge        *int64          `json:"max_age,omitempty"` // seconds
	LoginHint     string          `json:"login_hint,omitempty"`
	HintSubject   string          `json:"hint_sub,omitempty"` // of id_token_hint
	UILocales     []string        `json:"ui_locales,omitempty"`
	ACRValues     []string        `json:"acr_values,omitempty"`
	ACREssential  bool            `json:"acr_essential,omitempty"`
	Claims        json.RawMessage `json:"claims,omitempty"`
	Create        bool            `json:"create,omitempty"` // prompt=create, Initiating User Registration 1.0
}

// Goal is where a flow of curfew's own leads; never a URL.
type Goal string

// Goals.
const (
	GoalAccount Goal = "account"
	GoalAdmin   Goal = "admin"
	// GoalImpersonate goes back to the ticket that waits in a cookie.
	GoalImpersonate Goal = "impersonate"
)

// Progress is how far a sign-in has come.
type Progress struct {
	// Email is what was typed, UserID who it is; UserID stays empty where nobody has that address, and nothing that is
	// shown depends on it.
	Email      string `json:"email,omitempty"`
	Identified bool   `json:"identified,omitempty"`
	UserID     string `json:"user_id,omitempty"`
	// Proved are the factors proved in this flow. Where Carried is set, it was the session to be stepped up that proved
	// them, and they count as long as it lives; ProvedAt is when the password was proved here, which counts until it is
	// replaced.
	Proved   []factor.Kind `json:"proved,omitempty"`
	Carried  bool          `json:"carried,omitempty"`
	ProvedAt time.Time     `json:"proved_at,omitzero"`
	// Method is the factor that the person chose to prove next, Challenge the code that was sent for it.
	Method    factor.Kind       `json:"method,omitempty"`
	Challenge *factor.Challenge `json:"challenge,omitempty"`
	// PasswordSet: the password was set in this flow on the word of the mailbox alone. Beside the mailbox it proves
	// nothing, so it is not asked for as a second factor.
	PasswordSet bool `json:"password_set,omitempty"`
	// SessionID is the session that this flow started, stepped up or chose.
	SessionID string `json:"session_id,omitempty"`
	// Chosen: the person picked the account; Fresh: they proved it in this flow.
	Chosen bool `json:"chosen,omitempty"`
	Fresh  bool `json:"fresh,omitempty"`
	// Another: the person does not want to go on as who they are signed in as.
	Another bool `json:"another,omitempty"`
	// Consented: the person was asked in this flow and allowed; Denied: they did not.
	Consented bool `json:"consented,omitempty"`
	Denied    bool `json:"denied,omitempty"`
	// SignUp is what somebody who signs up has entered; the user is made when the address is verified.
	SignUp *SignUp `json:"sign_up,omitempty"`
}

// SignUp is an account in the making. The password is kept as its hash.
type SignUp struct {
	Email    string             `json:"email"` // as typed
	Name     string             `json:"name,omitempty"`
	Password factor.NewPassword `json:"password"`
}

// Flow is one sign-in under way.
type Flow struct {
	ID        string
	CreatedAt time.Time
	Params
	Progress
	// Client is nil for a flow of curfew's own.
	Client *client.Client

	row *storage.AuthRequest
}

// Flows begins, routes and finishes sign-ins.
type Flows struct {
	issuer   string
	store    *storage.Store
	clock    clock.Clock
	clients  *client.Registry
	sessions *session.Sessions
	consents *consent.Consents
	factors  Factors
	actors   *actor.Actors // nil: nobody acts as somebody else
}

// Factors tells which factors a user has, for the router to decide by.
type Factors interface {
	Kinds(ctx context.Context, userID string) ([]factor.Kind, error)
	Administers(ctx context.Context, userID, acr, amr string, at time.Time) (bool, error)
}

// New returns the Flows of an issuer.
func New(issuer string, store *storage.Store, clk clock.Clock, clients *client.Registry, sessions *session.Sessions,
	consents *consent.Consents, factors Factors) *Flows {
	return &Flows{issuer: issuer, store: store, clock: clk, clients: clients, sessions: sessions, consents: consents, factors: factors}
}

// Begin stores what was asked for, bound to the browser with this hash.
func (f *Flows) Begin(ctx context.Context, p Params, browserHash []byte) (*Flow, error) {
	flow := &Flow{ID: id.New(id.AuthRequest), CreatedAt: f.clock.Now()}
	if p.ClientID != "" {
		var err error
		if flow.Client, err = f.clients.Get(ctx, p.ClientID); err != nil {
			return nil, err
		}
		if p.MaxAge == nil {
			p.MaxAge = flow.Client.DefaultMaxAge
		}
		if len(p.ACRValues) == 0 {
			p.ACRValues = flow.Client.DefaultACRValues
		}
	}
	flow.Params = p
	if p.LoginHint != "" && strings.Contains(p.LoginHint, "@") {
		flow.Email = p.LoginHint
	}
	params, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	flow.row = &storage.AuthRequest{ID: flow.ID, ClientID: p.ClientID, BrowserHash: browserHash, Params: string(params),
		CreatedAt: storage.At(flow.CreatedAt), ExpiresAt: storage.At(flow.CreatedAt.Add(TTL))}
	if err := flow.encode(); err != nil {
		return nil, err
	}
	return flow, f.store.InsertAuthRequest(ctx, flow.row)
}

// Load returns a flow of the browser with this hash, or ErrGone. The binding is what keeps a link to somebody else's
// half-finished sign-in from working (login CSRF and its reverse).
func (f *Flows) Load(ctx context.Context, flowID string, browserHash []byte) (*Flow, error) {
	if _, err := id.Bytes(id.AuthRequest, flowID); err != nil {
		return nil, ErrGone
	}
	if len(browserHash) == 0 {
		return nil, ErrBrowser
	}
	row, err := f.store.AuthRequest(ctx, flowID, f.clock.Now())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, err
	}
	if !secret.Equal(row.BrowserHash, browserHash) {
		return nil, ErrBrowser
	}
	flow := &Flow{ID: row.ID, CreatedAt: row.CreatedAt.Time, row: row}
	if err := json.Unmarshal([]byte(row.Params), &flow.Params); err != nil {
		return nil, fmt.Errorf("flow %s: %w", row.ID, err)
	}
	if err := json.Unmarshal([]byte(row.Progress), &flow.Progress); err != nil {
		return nil, fmt.Errorf("flow %s: %w", row.ID, err)
	}
	if flow.ClientID != "" {
		flow.Client, err = f.clients.Get(ctx, flow.ClientID)
		if errors.Is(err, client.ErrUnknown) {
			return nil, ErrGone
		}
	}
	return flow, err
}

// ConsentScope is what the person is asked to let the client have: the scope, and that of claims asked for by name.
func (flow *Flow) ConsentScope() string {
	all := strings.Fields(flow.Scope)
	for _, s := range strings.Fields(flow.ClaimScope) {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return strings.Join(all, " ")
}

func (flow *Flow) encode() error {
	b, err := json.Marshal(flow.Progress)
	flow.row.Progress = string(b)
	return err
}

// Save writes the progress, or returns ErrStale if another request did meanwhile.
func (f *Flows) Save(ctx context.Context, flow *Flow) error { return f.save(ctx, f.store, flow) }

func (f *Flows) save(ctx context.Context, tx *storage.Store, flow *Flow) error {
	if err := flow.encode(); err != nil {
		return err
	}
	err := tx.AdvanceAuthRequest(ctx, flow.row)
	if errors.Is(err, storage.ErrConflict) {
		return ErrStale
	}
	return err
}
