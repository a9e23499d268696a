package factor

import (
	"bufio"
	"context"
	"crypto/sha1" // the range API is keyed by it; nothing here relies on its strength
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
)

const (
	breachTimeout = 2 * time.Second
	maxRangeBytes = 256 << 10 // a padded range has about a thousand lines of forty bytes
)

// Breaches asks a range API in the shape of Have I Been Pwned's whether a password is known from a breach. Only the
// first five digits of its SHA-1 leave the server, which some hundreds of passwords share (k-anonymity).
type Breaches struct {
	Base string // such as https://api.pwnedpasswords.com; the path /range/ABCDE is appended
	Doer httpx.Doer
	Log  *slog.Logger // nil: slog.Default()
}

// Contain reports whether the password is known. A look-up that fails says no and is logged: whether people can change
// a password must not depend on somebody else's server. A nil *Breaches contains nothing.
func (b *Breaches) Contain(ctx context.Context, password string) bool {
	if b == nil || b.Base == "" || b.Doer == nil {
		return false
	}
	found, err := b.lookUp(ctx, password)
	if err != nil {
		log := b.Log
		if log == nil {
			log = slog.Default()
		}
		log.WarnContext(ctx, "breach look-up failed, password accepted without it", "error", err)
	}
	return found
}

func (b *Breaches) lookUp(ctx context.Context, password string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, breachTimeout)
	defer cancel()
	sum := sha1.Sum([]byte(password))
	digest := strings.ToUpper(hex.EncodeToString(sum[:]))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(b.Base, "/")+"/range/"+digest[:5], nil)
	if err != nil {
		return false, fmt.Errorf("make range request: %w", err)
	}
	req.Header.Set("Add-Padding", "true") // else the size of the answer tells who listens which range it was
	req.Header.Set("User-Agent", "curfew")
	resp, err := b.Doer.Do(req)
	if err != nil {
		return false, fmt.Errorf("ask for range: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return false, fmt.Errorf("ask for range: status %d", resp.StatusCode)
	}
	lines := bufio.NewScanner(io.LimitReader(resp.Body, maxRangeBytes))
	for lines.Scan() {
		suffix, count, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if !ok || !strings.EqualFold(suffix, digest[5:]) {
			continue
		}
		n, err := strconv.ParseUint(count, 10, 64)
		return err == nil && n > 0, nil // padding lines count zero
	}
	if err := lines.Err(); err != nil {
		return false, fmt.Errorf("read range: %w", err)
	}
	return false, nil
}
