package factor

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cheap keeps tests of everything but the cost fast.
var cheap = Params{MemoryKiB: 64, Time: 1, Threads: 1, SaltLen: 16, KeyLen: 32}

func TestHashIsWhatThePlanSays(t *testing.T) {
	h := NewHasher(DefaultParams)
	stored, err := h.Hash(context.Background(), "x7Kq!2pZ")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=47104,t=1,p=1$") {
		t.Errorf("stored %q", stored)
	}
	if ok, err := h.Verify(context.Background(), stored, "x7Kq!2pZ"); !ok || err != nil {
		t.Errorf("right password: %t, %v", ok, err)
	}
	if ok, err := h.Verify(context.Background(), stored, "x7Kq!2pz"); ok || err != nil {
		t.Errorf("wrong password: %t, %v", ok, err)
	}
	again, _ := h.Hash(context.Background(), "x7Kq!2pZ")
	if again == stored {
		t.Error("two hashes have the same salt")
	}
	if h.NeedsRehash(stored) || !NewHasher(cheap).NeedsRehash(stored) || !h.NeedsRehash("x") {
		t.Error("NeedsRehash is wrong")
	}
}

// The reference implementation's own vector, so that hashes can be moved between servers
// (phc-winner-argon2, test.c: argon2id, t=2, m=256, p=1, "password", "somesalt").
func TestVerifyReadsTheReferenceImplementationsHashes(t *testing.T) {
	key, _ := hex.DecodeString("9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe")
	stored := "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$" + b64.EncodeToString(key)
	if ok, err := NewHasher(cheap).Verify(context.Background(), stored, "password"); !ok || err != nil {
		t.Errorf("%t, %v", ok, err)
	}
}

func TestHostileHashesAreRefusedUnspent(t *testing.T) {
	const salt, key = "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	ok := "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$" + key
	if _, err := parsePHC(ok); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	for _, stored := range []string{
		"", "$", "$$$$$", "plain", ok + "$", ok + " ", " " + ok,
		"$argon2i$v=19$m=256,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=16$m=256,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=4194304,t=1,p=1$" + salt + "$" + key, // 4 GiB
		"$argon2id$v=19$m=262145,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=262144,t=16,p=1$" + salt + "$" + key, // each allowed, not together
		"$argon2id$v=19$m=256,t=4294967295,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=1,p=255$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=1,p=256$" + salt + "$" + key,
		"$argon2id$v=19$m=7,t=1,p=1$" + salt + "$" + key, // RFC 9106: at least 8p
		"$argon2id$v=19$m=0,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=0,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=2,p=0$" + salt + "$" + key,
		"$argon2id$v=19$m=-1,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=0256,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=+256,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$t=2,m=256,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=2,p=1,x=1$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=2,p=1$" + salt + "$",
		"$argon2id$v=19$m=256,t=2,p=1$$" + key,
		"$argon2id$v=19$m=256,t=2,p=1$" + salt + "=$" + key,
		"$argon2id$v=19$m=256,t=2,p=1$" + salt + "$" + strings.Repeat("A", 4000),
	} {
		if _, err := NewHasher(cheap).Verify(context.Background(), stored, "password"); !errors.Is(err, ErrMalformedHash) {
			t.Errorf("%.60q: %v", stored, err)
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=47104,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	f.Add("$argon2id$v=19$m=4294967295,t=1,p=1$AAAA$AAAA")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parsePHC(s)
		if err != nil {
			return
		}
		if h.String() != s {
			t.Fatalf("%q is written %q", s, h.String())
		}
		if h.MemoryKiB > maxMemoryKiB || uint64(h.MemoryKiB)*uint64(h.Time) > maxWork || h.Threads > maxThreads ||
			h.Threads == 0 || h.Time == 0 || len(h.salt) < 8 || len(h.key) < 16 || len(h.key) > 64 {
			t.Fatalf("%q is accepted at %+v", s, h.Params)
		}
	})
}

func TestHasherRunsNoMoreThanItMay(t *testing.T) {
	h := newHasher(cheap, 2, 100)
	var running, most atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			done, err := h.enter(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			now := running.Add(1)
			for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
			}
			time.Sleep(time.Millisecond)
			running.Add(-1)
			done()
		})
	}
	wg.Wait()
	if most.Load() != 2 {
		t.Errorf("%d at once, want 2", most.Load())
	}
}

func TestHasherIsBusyWhenTheQueueIsFull(t *testing.T) {
	h := newHasher(cheap, 1, 1)
	done, err := h.enter(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan error)
	go func() {
		_, err := h.enter(ctx) // waits
		left <- err
	}()
	for len(h.waiting) < 2 {
		time.Sleep(time.Millisecond)
	}
	if err := h.VerifyNothing(context.Background(), "x"); !errors.Is(err, ErrBusy) {
		t.Errorf("third in a queue for two: %v", err)
	}
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up waiting: %v", err)
	}
	done()
	if err := h.VerifyNothing(context.Background(), "x"); err != nil {
		t.Errorf("after both left: %v", err)
	}
}

// No account enumeration by timing: a check of nothing does the same work as one of something.
func TestVerifyNothingCostsTheSame(t *testing.T) {
	h := NewHasher(DefaultParams)
	if h.dummy().Params != DefaultParams {
		t.Errorf("dummy costs %+v", h.dummy().Params)
	}
	if ok, err := h.verify(context.Background(), h.dummy(), "anything"); ok || err != nil {
		t.Errorf("dummy: %t, %v", ok, err)
	}
}
