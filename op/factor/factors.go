package factor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// Errors that callers decide on, beside ErrBusy, ErrThrottled and the reasons for which a password is refused.
var (
	// ErrWrong: the proof is wrong, or there is no such user or factor; the two are not told apart.
	ErrWrong = errors.New("wrong proof")
	// ErrSpent: the code was used, has expired, was tried too often, or a newer one was sent. Another can be asked for.
	ErrSpent = errors.New("code no longer counts")
	// ErrNotFound: the user has no such factor.
	ErrNotFound = errors.New("no such factor")
	// ErrTooMany: the user has as many factors of the kind as they may.
	ErrTooMany = errors.New("too many factors of the kind")
)

// Options of New. Clock, Key and Sealer are required.
type Options struct {
	Clock  clock.Clock
	Key    []byte         // master key outside the database, for the MACs of codes
	Sealer *secret.Sealer // for TOTP seeds
	Issuer string         // shown by authenticators; "": Policy.Service
	Policy Policy
	Params Params       // cost of a password hash; zero: DefaultParams
	Log    *slog.Logger // nil: slog.Default()
}

// Factors sets, checks, lists and removes what users prove with. Its methods must not be called inside a transaction of
// the caller's: what they count has to stay counted.
type Factors struct {
	store       *storage.Store
	clock       clock.Clock
	hasher      *Hasher
	policy      Policy
	issuer      string
	sealer      *secret.Sealer
	throttle    *Throttle
	codeKey     []byte
	recoveryKey []byte
	log         *slog.Logger
}

// New returns a Factors over a store.
func New(store *storage.Store, opt Options) *Factors {
	if opt.Params == (Params{}) {
		opt.Params = DefaultParams
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	return &Factors{
		store: store, clock: opt.Clock, hasher: NewHasher(opt.Params), policy: opt.Policy, sealer: opt.Sealer, log: opt.Log,
		issuer:      cmp.Or(opt.Issuer, opt.Policy.Service, "curfew"),
		throttle:    &Throttle{store: store, clock: opt.Clock, key: secret.Derive(opt.Key, "throttle buckets")},
		codeKey:     secret.Derive(opt.Key, "sent codes"),
		recoveryKey: secret.Derive(opt.Key, "recovery codes"),
	}
}

// Info is a factor as its user sees it.
type Info struct {
	ID        string // to remove it; the recovery codes go by RecoveryID together
	Kind      Kind
	Label     string // address of sent codes, name of an authenticator
	CreatedAt time.Time
	UsedAt    time.Time // zero: never
	Left      int       // recovery codes that were not used
}

// RecoveryID is the ID of all recovery codes of a user in List and Remove.
const RecoveryID = "recovery"

// List returns what a user can prove with, the oldest first.
func (f *Factors) List(ctx context.Context, userID string) ([]Info, error) {
	rows, err := f.store.Factors(ctx, userID)
	if err != nil {
		return nil, err
	}
	list, recovery := []Info{}, -1
	for _, r := range rows {
		if !r.ConfirmedAt.Set() {
			continue
		}
		info := Info{ID: r.ID, Kind: Kind(r.Kind), Label: r.Label, CreatedAt: r.CreatedAt.Time, UsedAt: r.UsedAt.Time}
		if info.Kind != KindRecovery {
			list = append(list, info)
			continue
		}
		if recovery < 0 {
			recovery = len(list)
			list = append(list, Info{ID: RecoveryID, Kind: KindRecovery, CreatedAt: info.CreatedAt})
		}
		if info.UsedAt.IsZero() {
			list[recovery].Left++
		} else if info.UsedAt.After(list[recovery].UsedAt) {
			list[recovery].UsedAt = info.UsedAt
		}
	}
	return list, nil
}

// Kinds returns the kinds of factor a user set up, without doubles. Recovery codes are among them only beside a second
// factor that they stand in for.
func (f *Factors) Kinds(ctx context.Context, userID string) ([]Kind, error) {
	list, err := f.List(ctx, userID)
	if err != nil {
		return nil, err
	}
	return kinds(list), nil
}

func kinds(list []Info) (set []Kind) {
	has, left, second := map[Kind]bool{}, false, false
	weak := mailboxAlone(list)
	for _, i := range list {
		if i.Kind == KindEmail && weak {
			continue
		}
		if i.Kind == KindRecovery {
			left = i.Left > 0
			continue
		}
		second = second || i.Kind != KindPassword
		if !has[i.Kind] {
			has[i.Kind] = true
			set = append(set, i.Kind)
		}
	}
	if left && second {
		set = append(set, KindRecovery)
	}
	return set
}

// mailboxAlone tells that codes by mail must not stand beside the password: the user has something better, and the password
// was set since that was last used. Whoever has the mailbox can set a password, and would then have both factors; once
// the better one was used under the new password, it is the owner's.
func mailboxAlone(list []Info) bool {
	var passwordSet, betterUsed time.Time
	better := false
	for _, i := range list {
		switch i.Kind {
		case KindPassword:
			passwordSet = i.CreatedAt
		case KindTOTP, KindSMS:
			better = true
			for _, at := range []time.Time{i.CreatedAt, i.UsedAt} {
				if at.After(betterUsed) {
					betterUsed = at
				}
			}
		case KindRecovery:
			if i.UsedAt.After(betterUsed) {
				betterUsed = i.UsedAt
			}
		}
	}
	return better && passwordSet.After(betterUsed)
}

// Remove takes a factor away from a user, or returns ErrNotFound. With the last second factor go the recovery codes.
func (f *Factors) Remove(ctx context.Context, userID, factorID string) error {
	return f.RemoveIn(ctx, f.store, userID, factorID)
}

// RemoveIn is Remove in tx.
func (f *Factors) RemoveIn(ctx context.Context, tx *storage.Store, userID, factorID string) error {
	err := tx.Tx(ctx, func(tx *storage.Store) error {
		if factorID == RecoveryID {
			if err := tx.DeleteFactors(ctx, userID, string(KindRecovery)); err != nil {
				return err
			}
			return f.write(ctx, tx, audit.FactorRemoved, userID, KindRecovery)
		}
		kind, err := tx.DeleteFactor(ctx, userID, factorID)
		if err != nil {
			return err
		}
		if err := f.write(ctx, tx, audit.FactorRemoved, userID, Kind(kind)); err != nil {
			return err
		}
		rest, err := tx.Factors(ctx, userID, string(KindEmail), string(KindSMS), string(KindTOTP))
		if err != nil {
			return err
		}
		for _, r := range rest {
			if r.ConfirmedAt.Set() {
				return nil
			}
		}
		return tx.DeleteFactors(ctx, userID, string(KindRecovery))
	})
	if errors.Is(err, storage.ErrNotFound) {
		return ErrNotFound
	}
	return err
}

// write records what a user did with a factor of theirs, in the transaction that did it.
func (f *Factors) write(ctx context.Context, tx *storage.Store, event audit.Kind, userID string, kind Kind) error {
	return audit.Write(ctx, tx, audit.Event{Kind: event, At: f.clock.Now(), UserID: userID, By: userID,
		Data: map[string]any{"kind": kind}})
}

// Sweep deletes codes and counters whose time is over. It is periodic work.
func (f *Factors) Sweep(ctx context.Context) error {
	now := f.clock.Now()
	_, errCodes := f.store.DeleteExpiredChallenges(ctx, now)
	_, errCounts := f.store.DeleteExpiredThrottles(ctx, now)
	return errors.Join(errCodes, errCounts)
}

// settled gives back what a right proof cost. That it fails must not turn a right proof into a wrong one.
func (f *Factors) settled(ctx context.Context, p *paid) {
	if err := p.refund(ctx); err != nil {
		f.log.WarnContext(ctx, "a right try stays counted", "error", fmt.Errorf("refund try: %w", err))
	}
}
