package factor

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/curfew-id/curfew/internal/secret"
)

// ErrBusy is returned when more password checks wait than the server will get to soon. It becomes 503 with
// Retry-After: BusyRetryAfter.
var ErrBusy = errors.New("too many password checks under way")

// BusyRetryAfter is how long a caller that got ErrBusy should stay away.
const BusyRetryAfter = 2 * time.Second

// waitingPerCore bounds the queue: at 30 to 60 ms a hash the last in line waits about a second.
const waitingPerCore = 24

// Hasher computes Argon2id, at most one hash a core at once: each holds 46 MiB, so that without a bound a burst of
// sign-ins is a way to end the process.
type Hasher struct {
	params  Params
	running chan struct{}
	waiting chan struct{}
	dummy   func() phc
}

// NewHasher returns a Hasher that makes hashes of the given cost, with as many at once as there are cores.
func NewHasher(p Params) *Hasher {
	cores := runtime.GOMAXPROCS(0)
	return newHasher(p, cores, cores*waitingPerCore)
}

func newHasher(p Params, atOnce, waiting int) *Hasher {
	return &Hasher{
		params:  p,
		running: make(chan struct{}, atOnce),
		waiting: make(chan struct{}, atOnce+waiting),
		// A key nobody has a password for.
		dummy: sync.OnceValue(func() phc {
			return phc{Params: p, salt: secret.Bytes(p.SaltLen), key: secret.Bytes(p.KeyLen)}
		}),
	}
}

// Hash returns the PHC string of a password that was normalised by Normalize. It returns ErrBusy when the queue is
// full, or the context's error.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	done, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return newPHC(h.params, password).String(), nil
}

// Verify reports whether password is the one that stored was made from. It returns ErrMalformedHash, ErrBusy or the
// context's error.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (bool, error) {
	want, err := parsePHC(stored)
	if err != nil {
		return false, err
	}
	return h.verify(ctx, want, password)
}

// VerifyNothing costs what Verify costs and is always false: for users who do not exist or have no password, so that
// the time of the answer does not tell who has an account.
func (h *Hasher) VerifyNothing(ctx context.Context, password string) error {
	_, err := h.verify(ctx, h.dummy(), password)
	return err
}

// NeedsRehash reports whether stored was made at another cost than this Hasher's.
func (h *Hasher) NeedsRehash(stored string) bool { return NeedsRehash(stored, h.params) }

func (h *Hasher) verify(ctx context.Context, want phc, password string) (bool, error) {
	done, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	return secret.Equal(want.derive(password), want.key), nil
}

// enter takes a place in the queue without waiting for one, then waits for a core.
func (h *Hasher) enter(ctx context.Context) (done func(), err error) {
	select {
	case h.waiting <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	select {
	case h.running <- struct{}{}:
		return func() { <-h.running; <-h.waiting }, nil
	case <-ctx.Done():
		<-h.waiting
		return nil, ctx.Err()
	}
}
