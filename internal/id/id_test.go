package id_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/curfew-id/curfew/internal/id"
)

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		s := id.FromBytes(id.User, b)
		if got, err := id.Bytes(id.User, s); err != nil || got != b {
			t.Fatalf("%s: %v, %v", s, got, err)
		}
		if _, err := id.Bytes(id.Session, s); !errors.Is(err, id.ErrMalformed) {
			t.Fatalf("%s is taken for a session", s)
		}
	})
}

func TestOneSpelling(t *testing.T) {
	good := id.New(id.User)
	last := good[len(good)-1]
	for _, s := range []string{"", "usr_", good[:len(good)-1], good + "0", " " + good, "USR_" + good[4:],
		good[:len(good)-1] + string(rune(last+1)), "usr_" + good[4:29] + "!", "usr_" + "zzzzzzzzzzzzzzzzzzzzzzzzzz"} {
		if b, err := id.Bytes(id.User, s); err == nil && id.FromBytes(id.User, b) != s {
			t.Errorf("%q is another spelling of %s", s, id.FromBytes(id.User, b))
		} else if err == nil && s != good && len(s) != len(good) {
			t.Errorf("%q was accepted", s)
		}
	}
}

func TestSortsByTime(t *testing.T) {
	var list []string
	for range 1000 {
		list = append(list, id.New(id.Event))
	}
	if !slices.IsSorted(list) {
		t.Error("later ids sort before earlier ones")
	}
}

func TestNextIsBehind(t *testing.T) {
	for _, first := range []string{id.New(id.Delivery), id.FromBytes(id.Delivery, [16]byte{9: 0xff, 15: 0xff})} {
		last := first
		for range 1000 {
			next, err := id.Next(id.Delivery, last)
			if err != nil || next <= last {
				t.Fatalf("%s after %s: %v", next, last, err)
			}
			last = next
		}
		if again, err := id.Next(id.Delivery, first); err != nil || again <= first {
			t.Fatalf("%s after %s: %v", again, first, err)
		}
	}
	if _, err := id.Next(id.Delivery, id.New(id.User)); !errors.Is(err, id.ErrMalformed) {
		t.Errorf("behind another kind: %v", err)
	}
}
