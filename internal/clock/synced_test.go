package clock

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestSyncedFollowsTheReference(t *testing.T) {
	ahead := 7 * time.Minute
	s, err := NewSynced(t.Context(), func(context.Context) (time.Time, error) { return time.Now().Add(ahead), nil })
	if err != nil {
		t.Fatal(err)
	}
	if d := s.Now().Sub(time.Now().Add(ahead)).Abs(); d > 50*time.Millisecond {
		t.Fatalf("off by %v", d)
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestSyncedIsUnsureWithoutAReference(t *testing.T) {
	s, err := NewSynced(t.Context(), func(context.Context) (time.Time, error) { return time.Time{}, errors.New("down") })
	if err == nil || !errors.Is(s.Check(), ErrUnsure) {
		t.Fatalf("measured %v, check %v", err, s.Check())
	}
}

func TestSyncedIsUnsureOfASlowReference(t *testing.T) {
	s, err := NewSynced(t.Context(), func(context.Context) (time.Time, error) { return time.Now(), nil })
	if err != nil {
		t.Fatal(err)
	}
	s.state.Store(&measured{err: MaxError, at: s.local()})
	if !errors.Is(s.Check(), ErrUnsure) {
		t.Fatal("a measurement that took seconds counts")
	}
	s.state.Store(&measured{at: s.local().Add(-staleAfter - time.Second)})
	if !errors.Is(s.Check(), ErrUnsure) {
		t.Fatal("an old measurement counts")
	}
}

// A machine whose clock is wrong by minutes tells the reference's time all the same.
func TestSyncedOnAWrongMachine(t *testing.T) {
	for _, off := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		s, err := NewSyncedOn(t.Context(), func() time.Time { return time.Now().Add(off) },
			func(context.Context) (time.Time, error) { return time.Now(), nil })
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(s.Now()).Abs(); d > 50*time.Millisecond {
			t.Errorf("off by %v on a machine that is off by %v", d, off)
		}
		if d := (s.Offset() + off).Abs(); d > 50*time.Millisecond {
			t.Errorf("offset %v on a machine that is off by %v", s.Offset(), off)
		}
	}
}
