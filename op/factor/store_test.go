package factor

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// world is a Factors over a fresh database, with a clock that stands still.
type world struct {
	*Factors
	clock *clock.Fake
	store *storage.Store
}

// each runs a test on both engines.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		sealer, err := secret.NewSealer(make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		c := clock.NewFake(start)
		fn(t, &world{New(store, Options{Clock: c, Key: make([]byte, 32), Sealer: sealer, Params: cheap,
			Policy: Policy{Service: "Example"}}), c, store})
	})
}

// user adds a user with a verified address.
func (w *world) user(t *testing.T, email string) Who {
	t.Helper()
	u := &storage.User{ID: id.New(id.User), Status: storage.UserActive, PublicMetadata: "{}", PrivateMetadata: "{}",
		UnsafeMetadata: "{}", CreatedAt: storage.At(start), UpdatedAt: storage.At(start)}
	err := w.store.InsertUser(context.Background(), u, &storage.Identifier{Kind: storage.IdentifierEmail, Value: email,
		UserID: u.ID, Display: email, IsPrimary: true, VerifiedAt: storage.At(start), CreatedAt: storage.At(start)})
	if err != nil {
		t.Fatal(err)
	}
	return Who{UserID: u.ID, Identifier: email, Address: netip.MustParseAddr("192.0.2.1")}
}

func (w Who) from(address string) Who {
	w.Address = netip.MustParseAddr(address)
	return w
}

func (w Who) on(device string) Who {
	w.Device = device
	return w
}

// race runs fn twenty times at once and returns how often it said nil.
func race(fn func(i int) error) int {
	var won atomic.Int32
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range 20 {
		done.Go(func() {
			ready.Wait()
			if fn(i) == nil {
				won.Add(1)
			}
		})
	}
	ready.Done()
	done.Wait()
	return int(won.Load())
}
