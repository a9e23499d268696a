package authflow

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// Identify records whose sign-in this is. An address that nobody has is taken like any other.
func (f *Flows) Identify(ctx context.Context, flow *Flow, typed string) error {
	email, err := user.NormalizeEmail(typed)
	if err != nil {
		return err
	}
	row, _, err := f.store.UserByIdentifier(ctx, storage.IdentifierEmail, email)
	switch {
	case err == nil:
		flow.Progress = Progress{UserID: row.ID}
	case errors.Is(err, storage.ErrNotFound):
		flow.Progress = Progress{}
		if _, err := f.store.User(ctx, ""); err != nil && !errors.Is(err, storage.ErrNotFound) { // as many reads as for somebody
			return err
		}
	default:
		return err
	}
	flow.Email, flow.Identified = strings.TrimSpace(typed), true
	return f.Save(ctx, flow)
}

// StartOver forgets who is signing in, and that anybody is signed in here.
func (f *Flows) StartOver(ctx context.Context, flow *Flow) error {
	flow.Progress = Progress{Another: true}
	return f.Save(ctx, flow)
}

// ErrNobody: a factor cannot have been proved before it is known whose it is.
var ErrNobody = errors.New("nobody is signing in")

// Prove records a factor that the flow's user has just proved. When nothing more is needed it starts the session, or steps
// up the one that the user already has in this browser.
func (f *Flows) Prove(w http.ResponseWriter, r *http.Request, flow *Flow, kind factor.Kind) error {
	ctx := r.Context()
	if flow.UserID == "" {
		return ErrNobody
	}
	row, err := f.store.User(ctx, flow.UserID)
	if err != nil {
		return err
	}
	if row.Status != storage.UserActive {
		return ErrNobody
	}
	own, err := f.ownSession(r, flow.UserID)
	if err != nil {
		return err
	}
	if len(flow.Proved) == 0 && own != nil && flow.accepts(own) && factor.Required(flow.ACRValues) != "" {
		f.carry(flow, own)
	}
	if flow.Carried && !f.carries(flow, own) { // it ended a moment ago: this proof alone is not what was asked for
		flow.forget()
		return f.Save(ctx, flow)
	}
	flow.Method, flow.Challenge = "", nil
	if !slices.Contains(flow.Proved, kind) {
		flow.Proved = append(flow.Proved, kind)
		if kind == factor.KindPassword {
			flow.ProvedAt = f.clock.Now()
		}
	}
	more, err := f.SecondFactors(ctx, flow, flow.UserID)
	if err != nil {
		return err
	}
	if len(more) > 0 && factor.ACR(flow.Proved...) != factor.ACRMulti {
		return f.Save(ctx, flow)
	}
	// This claims the step: of two answers at once only one goes on to a session.
	if err := f.Save(ctx, flow); err != nil {
		return err
	}
	proof := session.Proof{ACR: factor.ACR(flow.Proved...), AMR: strings.Join(factor.AMR(flow.Proved...), " ")}
	if own != nil {
		err = f.sessions.StepUp(w, r, own, proof)
	}
	if flow.Carried && errors.Is(err, storage.ErrNotFound) {
		flow.forget()
		return f.Save(ctx, flow)
	}
	if own == nil || errors.Is(err, storage.ErrNotFound) {
		own, err = f.sessions.Start(w, r, row, proof)
	}
	if errors.Is(err, session.ErrLimit) { // they have proved who they are and get no session
		err = errors.Join(err, f.store.Tx(ctx, func(tx *storage.Store) error {
			return audit.Write(ctx, tx, audit.Event{Kind: audit.SignInFailed, At: f.clock.Now(), UserID: flow.UserID,
				ClientID: flow.ClientID, By: flow.UserID, Data: map[string]any{"reason": "too_many_sessions"}})
		}))
	}
	if err != nil {
		return err
	}
	flow.SessionID, flow.Fresh, flow.Carried = own.ID, true, false
	return f.Save(ctx, flow)
}

// ownSession is the live session that the user has in this browser, nil for none.
func (f *Flows) ownSession(r *http.Request, userID string) (*session.Current, error) {
	list, err := f.sessions.OnDevice(r)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		if c.UserID == userID {
			return c, nil
		}
	}
	return nil, nil
}

// Choose makes another account of this browser the one that answers, or returns session.ErrNone.
func (f *Flows) Choose(w http.ResponseWriter, r *http.Request, flow *Flow, sessionID string) error {
	c, err := f.sessions.Switch(w, r, sessionID)
	if err != nil {
		return err
	}
	flow.Progress = Progress{UserID: c.UserID, SessionID: c.ID, Chosen: true}
	return f.Save(r.Context(), flow)
}

// Decide records what the person answered to the question of consent.
func (f *Flows) Decide(ctx context.Context, flow *Flow, current *session.Current, allow bool) error {
	ctx = audit.WithDevice(audit.WithSession(ctx, current.ID), current.DeviceID)
	if !allow {
		flow.Denied = true
		read := flow.row.Version
		return f.store.Tx(ctx, func(tx *storage.Store) error {
			flow.row.Version = read                       // when the transaction is run again, too
			if err := f.save(ctx, tx, flow); err != nil { // of two answers at once one counts
				return err
			}
			return audit.Write(ctx, tx, audit.Event{Kind: audit.ConsentDenied, At: f.clock.Now(), UserID: current.UserID,
				ClientID: flow.ClientID, By: current.UserID, Data: map[string]any{"scope": flow.ConsentScope()}})
		})
	}
	if current.Impersonated() { // nobody consents for somebody else; Next does not ask
		return ErrStale
	}
	if err := f.consents.Grant(ctx, current.UserID, flow.ClientID, flow.ConsentScope()); err != nil {
		return err
	}
	flow.Consented = true
	return f.Save(ctx, flow)
}
