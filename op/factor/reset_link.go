package factor

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// ResetTTL is how long the link of a mail lets a new password be set, InvitationTTL how long one lets the first be set: nobody
// waits for that mail, and the account has nothing in it yet that somebody else could be after.
const (
	ResetTTL      = 10 * time.Minute
	InvitationTTL = 3 * 24 * time.Hour
)

// Reset is what the link of a mail is for.
type Reset struct {
	UserID string
	FlowID string // the sign-in it was asked for in; "" for none
	// Invited: an administrator has opened the account and sent the link, to an address that nobody need have proved yet.
	Invited bool
}

// What a link was sent for: each has a MAC of its own, so that none stands for another.
const (
	resetLinks      = "reset links"
	invitationLinks = "invitation links"
)

// The token of a link: user, flow, end in seconds, and a MAC over these, the address it was sent to and the password that
// is to be replaced. No row is kept for it: setting a password, in whatever way, spends every link that is under way, and
// so does replacing the address. An invitation is spent by the first sign-in, too.
const (
	resetBody  = 16 + 16 + 8
	resetToken = resetBody + 32
)

// StartReset makes the token of a link that is sent to a target (an address, normalised), and counts the sending. It does so for users who do not
// exist as well, with a token that opens nothing; the caller then sends none. It returns a *Throttled when too many
// were sent.
func (f *Factors) StartReset(ctx context.Context, who Who, target, flowID string) (string, error) {
	return f.startLink(ctx, who, target, flowID, resetLinks, ResetTTL)
}

// StartInvitation is StartReset for an account that somebody else has opened and that has no password yet. Setting one by it
// proves that the address can be read. It returns ErrHasPassword where there is one: that is reset, and by a verified address.
func (f *Factors) StartInvitation(ctx context.Context, who Who, target string) (string, error) {
	old, err := f.store.Factors(ctx, who.UserID, string(KindPassword))
	if err == nil && len(old) > 0 {
		err = ErrHasPassword
	}
	if err != nil {
		return "", err
	}
	return f.startLink(ctx, who, target, "", invitationLinks, InvitationTTL)
}

// ErrHasPassword: who has a password is not invited to set the first.
var ErrHasPassword = errors.New("there is a password already")

func (f *Factors) startLink(ctx context.Context, who Who, target, flowID, purpose string, ttl time.Duration) (string, error) {
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
	body = binary.BigEndian.AppendUint64(body, uint64(f.clock.Now().Add(ttl).Unix()))
	return base64.RawURLEncoding.EncodeToString(append(body, f.linkMAC(purpose, body, target, old)...)), nil
}

func (f *Factors) linkMAC(purpose string, body []byte, target string, old []*storage.Factor) []byte {
	replaced := []byte{}
	if len(old) > 0 {
		replaced = old[0].Secret
	}
	return secret.MAC(secret.Derive(f.codeKey, purpose), body, []byte(target), replaced)
}

// OpenReset returns what a token is for, or ErrSpent for one that was made up, ran out or was used. It may be called as
// often as the page is looked at.
func (f *Factors) OpenReset(ctx context.Context, token string) (Reset, error) {
	r, _, _, err := f.openReset(ctx, f.store, token)
	return r, err
}

func (f *Factors) openReset(ctx context.Context, tx *storage.Store, token string) (r Reset, sentTo *storage.Identifier, old []*storage.Factor, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != resetToken {
		return r, nil, nil, ErrSpent
	}
	body := b[:resetBody]
	if [16]byte(body[:16]) == [16]byte{} { // nobody's
		return r, nil, nil, ErrSpent
	}
	if end := binary.BigEndian.Uint64(body[32:]); uint64(f.clock.Now().Unix()) >= end {
		return r, nil, nil, ErrSpent
	}
	r.UserID = id.FromBytes(id.User, [16]byte(body[:16]))
	if flow := [16]byte(body[16:32]); flow != [16]byte{} {
		r.FlowID = id.FromBytes(id.AuthRequest, flow)
	}
	if old, err = tx.Factors(ctx, r.UserID, string(KindPassword)); err != nil {
		return Reset{}, nil, nil, err
	}
	addresses, err := tx.Identifiers(ctx, r.UserID)
	if err != nil {
		return Reset{}, nil, nil, err
	}
	for _, a := range addresses {
		if a.Kind != storage.IdentifierEmail {
			continue
		}
		r.Invited = secret.Equal(f.linkMAC(invitationLinks, body, a.Value, old), b[resetBody:])
		if r.Invited {
			u, err := tx.User(ctx, r.UserID)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				return Reset{}, nil, nil, err
			}
			if err != nil || u.LastSignInAt.Set() { // by a code: there is something in the account now, and the link is days old
				return Reset{}, nil, nil, ErrSpent
			}
		}
		if r.Invited || a.VerifiedAt.Set() && secret.Equal(f.linkMAC(resetLinks, body, a.Value, old), b[resetBody:]) {
			return r, a, old, nil
		}
	}
	return Reset{}, nil, nil, ErrSpent
}

// FinishReset stores the new password in the caller's transaction, once: of any number that present the token at the same
// time, one gets nil and the others ErrSpent.
func (f *Factors) FinishReset(ctx context.Context, tx *storage.Store, token string, p NewPassword) (Reset, error) {
	r, sentTo, old, err := f.openReset(ctx, tx, token)
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
	if err == nil && !sentTo.VerifiedAt.Set() { // an invitation's, which has just been read there
		err = f.verified(ctx, tx, sentTo)
	}
	return r, err
}

func (f *Factors) verified(ctx context.Context, tx *storage.Store, i *storage.Identifier) error {
	now := f.clock.Now()
	if err := tx.VerifyIdentifier(ctx, i.UserID, i.Kind, i.Value, now); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Event{Kind: audit.IdentifierVerified, At: now, UserID: i.UserID, By: i.UserID,
		Data: map[string]any{"kind": i.Kind}})
}
