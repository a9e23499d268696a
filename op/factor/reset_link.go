package factor

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// ResetTTL is how long the link of a mail lets a new password be set.
const ResetTTL = 10 * time.Minute

// Reset is what the link of a mail is for.
type Reset struct {
	UserID string
	FlowID string // the sign-in it was asked for in; "" for none
}

// The token of a link: user, flow, end in seconds, and a MAC over these, the address it was sent to and the password that
// is to be replaced. No row is kept for it: setting a password, in whatever way, spends every link that is under way, and
// so does replacing the address.
const (
	resetBody  = 16 + 16 + 8
	resetToken = resetBody + 32
)

// StartReset makes the token of a link that is sent to a target (an address, normalised), and counts the sending. It does so for users who do not
// exist as well, with a token that opens nothing; the caller then sends none. It returns a *Throttled when too many
// were sent.
func (f *Factors) StartReset(ctx context.Context, who Who, target, flowID string) (string, error) {
	if err := f.paySending(ctx, who, target); err != nil {
		return "", err
	}
	old, err := f.store.Factors(ctx, who.UserID, string(KindPassword))
	if err != nil {
		return "", err
	}
	user, _ := id.Bytes(id.User, who.UserID) // zero for nobody
	flow, _ := id.Bytes(id.AuthRequest, flowID)
	body := append(append(make([]byte, 0, resetToken), user[:]...), flow[:]...)
	body = binary.BigEndian.AppendUint64(body, uint64(f.clock.Now().Add(ResetTTL).Unix()))
	return base64.RawURLEncoding.EncodeToString(append(body, f.resetMAC(body, target, old)...)), nil
}

func (f *Factors) resetMAC(body []byte, target string, old []*storage.Factor) []byte {
	replaced := []byte{}
	if len(old) > 0 {
		replaced = old[0].Secret
	}
	return secret.MAC(secret.Derive(f.codeKey, "reset links"), body, []byte(target), replaced)
}

// OpenReset returns what a token is for, or ErrSpent for one that was made up, ran out or was used. It may be called as
// often as the page is looked at.
func (f *Factors) OpenReset(ctx context.Context, token string) (Reset, error) {
	r, _, err := f.openReset(ctx, f.store, token)
	return r, err
}

func (f *Factors) openReset(ctx context.Context, tx *storage.Store, token string) (r Reset, old []*storage.Factor, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != resetToken {
		return r, nil, ErrSpent
	}
	body := b[:resetBody]
	if [16]byte(body[:16]) == [16]byte{} { // nobody's
		return r, nil, ErrSpent
	}
	if end := binary.BigEndian.Uint64(body[32:]); uint64(f.clock.Now().Unix()) >= end {
		return r, nil, ErrSpent
	}
	r.UserID = id.FromBytes(id.User, [16]byte(body[:16]))
	if flow := [16]byte(body[16:32]); flow != [16]byte{} {
		r.FlowID = id.FromBytes(id.AuthRequest, flow)
	}
	if old, err = tx.Factors(ctx, r.UserID, string(KindPassword)); err != nil {
		return Reset{}, nil, err
	}
	addresses, err := tx.Identifiers(ctx, r.UserID)
	if err != nil {
		return Reset{}, nil, err
	}
	for _, a := range addresses {
		if a.Kind == storage.IdentifierEmail && a.VerifiedAt.Set() && secret.Equal(f.resetMAC(body, a.Value, old), b[resetBody:]) {
			return r, old, nil
		}
	}
	return Reset{}, nil, ErrSpent
}

// FinishReset stores the new password in the caller's transaction, once: of any number that present the token at the same
// time, one gets nil and the others ErrSpent.
func (f *Factors) FinishReset(ctx context.Context, tx *storage.Store, token string, p NewPassword) (Reset, error) {
	r, old, err := f.openReset(ctx, tx, token)
	if err != nil {
		return Reset{}, err
	}
	if len(old) == 0 {
		now := storage.At(f.clock.Now())
		err = tx.InsertFactor(ctx, &storage.Factor{UserID: r.UserID, ID: id.New(id.Factor), Kind: string(KindPassword),
			Secret: []byte(p.stored), ConfirmedAt: now, CreatedAt: now})
	} else if err = tx.ReplaceFactorSecret(ctx, r.UserID, old[0].ID, old[0].Secret, []byte(p.stored)); err == nil {
		err = f.StorePassword(ctx, tx, r.UserID, p) // the row is ours now; this writes when it was changed
	}
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return Reset{}, ErrSpent
	}
	return r, err
}
