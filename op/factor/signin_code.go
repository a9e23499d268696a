package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// Purpose is what a sent code is for. A code of one purpose proves nothing for another.
type Purpose string

// The purposes of a sent code.
const (
	PurposeSignIn        Purpose = "sign_in"
	PurposeSecondFactor  Purpose = "second_factor"
	PurposeVerify        Purpose = "verify" // that an address or number can be read
	PurposeResetPassword Purpose = "reset_password"
)

const (
	// CodeTTL is how long a sent code counts.
	CodeTTL = 5 * time.Minute
	// CodeTries is how often one code may be tried.
	CodeTries = 5
)

// Challenge is a code that was made and waits to be typed. The flow keeps it (it holds no secret) and hands it back.
type Challenge struct {
	ID        string    `json:"id"`
	Kind      Kind      `json:"kind"`
	Purpose   Purpose   `json:"purpose"`
	Subject   string    `json:"subject"`
	UserID    string    `json:"user_id,omitempty"`
	Target    string    `json:"target"` // address or number, normalised
	ExpiresAt time.Time `json:"expires_at"`
}

// StartCode makes a code for a target (KindEmail: an address, KindSMS: a number) and returns it to be sent by the
// caller. It makes one, and counts it, for users who do not exist as well; the caller then sends none. Among the codes
// of one account, purpose and kind that one visitor (device or network) asked for only the newest counts. It returns a
// *Throttled when too many were sent.
func (f *Factors) StartCode(ctx context.Context, who Who, kind Kind, purpose Purpose, target string) (
	_ Challenge, code string, err error) {
	if kind != KindEmail && kind != KindSMS {
		return Challenge{}, "", fmt.Errorf("start code: %q is not sent", kind)
	}
	if err := f.paySending(ctx, who, target); err != nil {
		return Challenge{}, "", err
	}
	now := f.clock.Now()
	c := Challenge{ID: id.New(id.Challenge), Kind: kind, Purpose: purpose, UserID: who.UserID, Target: target,
		Subject: who.account() + " " + who.slot(), ExpiresAt: now.Add(CodeTTL)}
	code = NewCode()
	row := c.row()
	row.CodeMAC = codeMAC(f.codeKey, c.ID, string(purpose), target, code)
	row.CreatedAt, row.ExpiresAt = storage.At(now), storage.At(c.ExpiresAt)
	if err := f.store.PutChallenge(ctx, row); err != nil {
		return Challenge{}, "", err
	}
	return c, code, nil
}

// paySending counts by where a code goes, not by who is named: two accounts, or a sign-up for an account that exists,
// are one mailbox. A known device has its own budget only for what is its user's, or one account with many devices
// could fill anybody's mailbox.
func (f *Factors) paySending(ctx context.Context, who Who, target string) error {
	to := who
	to.UserID, to.Identifier = "", target
	if who.known() {
		list, err := f.store.Identifiers(ctx, who.UserID)
		if err != nil {
			return err
		}
		for _, i := range list {
			if i.Value == target && i.VerifiedAt.Set() {
				to.UserID = who.UserID
			}
		}
	}
	_, err := f.throttle.pay(ctx, sendCode, to)
	return err
}

// CheckCode returns nil if what was typed is the code of the challenge, once: of any number that type it at the same
// time, one gets nil. Otherwise ErrWrong, ErrSpent, or a *Throttled. A wrong try is counted in a statement of its own.
func (f *Factors) CheckCode(ctx context.Context, who Who, c Challenge, typed string) error {
	code, ok := NormalizeCode(typed)
	if !ok {
		return ErrWrong // cannot be a code, so it is no try
	}
	if c.UserID != who.UserID {
		who.Device = "" // known to another account
	}
	who.UserID, who.Identifier = c.UserID, c.Target
	try, err := f.throttle.pay(ctx, groupOf(c.Kind), who)
	if err != nil {
		return err
	}
	row := c.row()
	row.CodeMAC = codeMAC(f.codeKey, c.ID, string(c.Purpose), c.Target, code)
	right, err := f.store.TryChallenge(ctx, row, CodeTries, f.clock.Now())
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return ErrSpent
	case err != nil:
		return err
	case !right:
		return ErrWrong
	}
	f.settled(ctx, try)
	return f.sentCodeUsed(ctx, c)
}

// sentCodeUsed notes that a factor was used, where the code was one's. That it was removed meanwhile is no fault of the code.
func (f *Factors) sentCodeUsed(ctx context.Context, c Challenge) error {
	rows, err := f.store.Factors(ctx, c.UserID, string(c.Kind))
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Label != c.Target {
			continue
		}
		if err := f.store.UseFactor(ctx, r.UserID, r.ID, f.clock.Now()); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
	}
	return nil
}

func (c Challenge) row() *storage.Challenge {
	return &storage.Challenge{Subject: c.Subject, Purpose: string(c.Purpose), Kind: string(c.Kind), ID: c.ID,
		UserID: c.UserID, Target: c.Target}
}

// EnableCodes makes codes sent to a verified target a factor of the user. It is harmless when it is one already.
func (f *Factors) EnableCodes(ctx context.Context, userID string, kind Kind, target string) error {
	if kind != KindEmail && kind != KindSMS {
		return fmt.Errorf("enable codes: %q is not sent", kind)
	}
	now := storage.At(f.clock.Now())
	return f.store.Tx(ctx, func(tx *storage.Store) error {
		rows, err := tx.Factors(ctx, userID, string(kind))
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Label == target {
				return nil
			}
		}
		err = tx.InsertFactor(ctx, &storage.Factor{UserID: userID, ID: id.New(id.Factor), Kind: string(kind),
			Label: target, ConfirmedAt: now, CreatedAt: now})
		if err != nil {
			return err
		}
		return f.write(ctx, tx, audit.FactorAdded, userID, kind)
	})
}
