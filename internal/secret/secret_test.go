package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/curfew-id/curfew/internal/secret"
)

func TestSeal(t *testing.T) {
	kek, other := secret.Bytes(32), secret.Bytes(32)
	s, err := secret.NewSealer(kek)
	if err != nil {
		t.Fatal(err)
	}
	sealed := s.Seal([]byte("seed"), "factors.a")
	if bytes.Contains(sealed, []byte("seed")) || bytes.Equal(sealed, s.Seal([]byte("seed"), "factors.a")) {
		t.Error("the plain text shows, or two seals are alike")
	}
	if plain, err := s.Open(sealed, "factors.a"); err != nil || string(plain) != "seed" {
		t.Errorf("opened %q, %v", plain, err)
	}
	// Copied to another row it does not open; nor cut, changed, or under another key.
	if _, err := s.Open(sealed, "factors.b"); !errors.Is(err, secret.ErrUnsealable) {
		t.Errorf("under another name: %v", err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := s.Open(bad, "factors.a"); !errors.Is(err, secret.ErrUnsealable) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := s.Open(sealed[:i], "factors.a"); !errors.Is(err, secret.ErrUnsealable) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if o, err := secret.NewSealer(other); err != nil {
		t.Fatal(err)
	} else if _, err := o.Open(sealed, "factors.a"); !errors.Is(err, secret.ErrUnsealable) {
		t.Errorf("under another key: %v", err)
	}
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := secret.NewSealer(make([]byte, n)); err == nil {
			t.Errorf("a key of %d bytes", n)
		}
	}
}

func TestMACSeparatesItsParts(t *testing.T) {
	key := secret.Bytes(32)
	a := secret.MAC(key, []byte("ab"), []byte("c"))
	for _, b := range [][]byte{secret.MAC(key, []byte("a"), []byte("bc")), secret.MAC(key, []byte("abc")),
		secret.MAC(key, []byte("ab"), []byte("c"), nil), secret.MAC(secret.Bytes(32), []byte("ab"), []byte("c"))} {
		if secret.Equal(a, b) {
			t.Error("two lists of parts have one MAC")
		}
	}
	if !secret.Equal(a, secret.MAC(key, []byte("ab"), []byte("c"))) {
		t.Error("not the same twice")
	}
}

func TestDerivedKeysDiffer(t *testing.T) {
	master := secret.Bytes(32)
	a, b := secret.Derive(master, "a"), secret.Derive(master, "b")
	if len(a) != 32 || bytes.Equal(a, b) || bytes.Equal(a, master) || !bytes.Equal(a, secret.Derive(master, "a")) {
		t.Error("keys of two purposes are not apart")
	}
}

func TestNewIsLongAndNew(t *testing.T) {
	if a, b := secret.New(32), secret.New(32); len(a) != 43 || a == b {
		t.Errorf("%s %s", a, b)
	}
	if !bytes.Equal(secret.Hash("x"), secret.Hash("x")) || bytes.Equal(secret.Hash("x"), secret.Hash("y")) {
		t.Error("hash")
	}
}
