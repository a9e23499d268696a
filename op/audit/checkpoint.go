package audit

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/curfew-id/curfew/storage"
)

const typCheckpoint = "audit-checkpoint+jwt"

// Checkpoint is a statement of where the chains stand: those that have grown since the one before. It is signed with an
// Ed25519 key that is derived from the key-encryption key.
type Checkpoint struct {
	Issuer   string          `json:"iss"`
	ID       int64           `json:"seq"`  // 1, 2, 3 ...
	Before   string          `json:"prev"` // SHA-256 of the checkpoint before, base64url; empty for the first
	IssuedAt int64           `json:"iat"`
	Chains   map[string]Head `json:"chains"`
}

// Head is the last link of a chain.
type Head struct {
	Position int64  `json:"position"`
	Hash     string `json:"hash"`
}

// Checkpoint signs where the chains stand, if any has grown since the last time. Of several replicas that do so at once
// one succeeds, which is enough.
func (c *Chains) Checkpoint(ctx context.Context) error {
	err := c.store.Tx(ctx, func(tx *storage.Store) error {
		chains, err := tx.UncheckedChains(ctx)
		if err != nil || len(chains) == 0 {
			return err
		}
		now := c.clock.Now()
		p := &Checkpoint{Issuer: c.issuer, ID: 1, IssuedAt: now.Unix(), Chains: map[string]Head{}}
		last, err := tx.LastCheckpoint(ctx)
		if err == nil {
			p.ID, p.Before = last.ID+1, digest(last.Body)
		} else if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		for _, chain := range chains {
			p.Chains[chain.ID] = Head{chain.Position, chain.Hash}
		}
		body, err := c.sign(p)
		if err != nil {
			return err
		}
		return tx.InsertCheckpoint(ctx, &storage.AuditCheckpoint{ID: p.ID, Body: body, CreatedAt: storage.At(now)}, chains)
	})
	if errors.Is(err, storage.ErrConflict) {
		return nil
	}
	return err
}

// PublicKey is the key that checkpoints are checked with.
func (c *Chains) PublicKey() ed25519.PublicKey { return c.signer.Public().(ed25519.PublicKey) }

func (c *Chains) sign(p *Checkpoint) (string, error) {
	payload, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: c.signer}, new(jose.SignerOptions).WithType(typCheckpoint))
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign audit checkpoint: %w", err)
	}
	return jws.CompactSerialize()
}

var errForged = errors.New("is not signed by this provider")

// ReadCheckpoint checks the signature of a checkpoint and returns what it says.
func (c *Chains) ReadCheckpoint(body string) (*Checkpoint, error) {
	jws, err := jose.ParseSignedCompact(body, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return nil, errForged
	}
	payload, err := jws.Verify(c.PublicKey())
	if err != nil || jws.Signatures[0].Protected.ExtraHeaders[jose.HeaderType] != typCheckpoint {
		return nil, errForged
	}
	p := new(Checkpoint)
	if err := json.Unmarshal(payload, p); err != nil || p.Issuer != c.issuer {
		return nil, errForged
	}
	return p, nil
}

func digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
