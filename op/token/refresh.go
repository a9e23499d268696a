package token

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/storage"
)

// ReuseGrace is how long the generation before the current one still gets the same successor, so that a lost answer
// strands nobody.
const ReuseGrace = 10 * time.Second

// Errors of a refresh.
var (
	// ErrRefused: the token is not good (any more): forged, another client's, revoked, or its session has ended.
	ErrRefused = errors.New("refresh token refused")
	// ErrForged is an ErrRefused: not a token of ours, which took no query to see.
	ErrForged = fmt.Errorf("%w: not one of ours", ErrRefused)
	// ErrReused: an old refresh token was presented again; the family must end.
	ErrReused = errors.New("refresh token was used before")
)

const (
	refreshVersion = 1
	refreshLen     = 1 + 16 + 16 + 8 + 16 // version, user, family, generation, MAC of 128 bits
)

// Refresh returns the refresh token of a generation of a family.
func (t *Tokens) Refresh(userID, familyID string, generation int64) (string, error) {
	user, err := id.Bytes(id.User, userID)
	if err != nil {
		return "", err
	}
	family, err := id.Bytes(id.Family, familyID)
	if err != nil {
		return "", err
	}
	b := make([]byte, 0, refreshLen)
	b = append(b, refreshVersion)
	b = append(b, user[:]...)
	b = append(b, family[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(generation))
	b = append(b, secret.MAC(t.refreshKey, b)[:16]...)
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// ParseRefresh takes a refresh token apart, or returns ErrForged for one that we did not make; without a query.
func (t *Tokens) ParseRefresh(token string) (userID, familyID string, generation int64, err error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(refreshLen) { // also keeps out line breaks, which decoding skips
		return "", "", 0, ErrForged
	}
	b := make([]byte, refreshLen)
	if n, err := base64.RawURLEncoding.Strict().Decode(b, []byte(token)); err != nil || n != refreshLen {
		return "", "", 0, ErrForged
	}
	body, mac := b[:refreshLen-16], b[refreshLen-16:]
	if b[0] != refreshVersion || !secret.Equal(mac, secret.MAC(t.refreshKey, body)[:16]) {
		return "", "", 0, ErrForged
	}
	return id.FromBytes(id.User, [16]byte(body[1:17])), id.FromBytes(id.Family, [16]byte(body[17:33])),
		int64(binary.BigEndian.Uint64(body[33:41])), nil
}

// Use presents a refresh token of a client: it returns what the new tokens are made of and the refresh token to give back. Where
// rotate is false (confidential clients) that is the one presented and nothing is written. On ErrReused the grant is
// returned too, so that the caller can end the family.
func (t *Tokens) Use(ctx context.Context, token, clientID string, rotate bool) (*storage.Grant, string, error) {
	userID, familyID, presented, err := t.ParseRefresh(token)
	if err != nil {
		return nil, "", err
	}
	now := t.clock.Now()
	if !rotate {
		g, err := t.store.Grant(ctx, userID, familyID, now)
		if err != nil || !g.Live || g.ClientID != clientID {
			return nil, "", refused(err)
		}
		if presented < g.Generation-1 { // the client rotated once and has an older one: a copy is about
			return g, "", ErrReused
		}
		return g, token, nil
	}
	g, err := t.store.Rotate(ctx, userID, familyID, clientID, presented, now)
	if err == nil && g.Live && g.ClientID == clientID && !g.Rotated && presented >= g.Generation {
		// Another presentation of the same token was faster, in another statement; see what it left.
		g, err = t.store.Grant(ctx, userID, familyID, now)
	}
	if err != nil || !g.Live || g.ClientID != clientID {
		return nil, "", refused(err)
	}
	switch {
	case g.Rotated:
		g.Generation = presented + 1
	case presented == g.Generation-1 && g.At.Sub(g.RotatedAt) <= ReuseGrace:
		// the same successor again
	default:
		return g, "", ErrReused
	}
	next, err := t.Refresh(userID, familyID, g.Generation)
	return g, next, err
}

func refused(err error) error {
	if err == nil || errors.Is(err, storage.ErrNotFound) {
		return ErrRefused
	}
	return err
}

func invalidIfMissing(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return key.ErrInvalid
	}
	return err
}

// halfHash512 is at_hash under EdDSA with Ed25519, which hashes with SHA-512.
func halfHash512(token []byte) string {
	sum := sha512.Sum512(token)
	return base64.RawURLEncoding.EncodeToString(sum[:32])
}
