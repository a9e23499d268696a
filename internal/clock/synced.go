package clock

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// MaxError is how far a Synced clock may be off before it says so.
const MaxError = 2 * time.Second

// ErrUnsure: the offset to the reference has not been measured well enough lately.
var ErrUnsure = errors.New("the offset to the database's clock is not known well enough")

// Synced tells the time of a reference, the database: the machine's monotonic clock plus the measured offset. Somebody
// who sets the machine's wall clock changes nothing.
type Synced struct {
	read    func(context.Context) (time.Time, error)
	machine func() time.Time
	anchor  time.Time // carries the monotonic reading that everything counts from
	state   atomic.Pointer[measured]
}

type measured struct {
	offset time.Duration // reference minus anchor-based local time
	err    time.Duration // at most that far off when measured
	at     time.Time
}

// staleAfter is how long a measurement counts; crystals drift by far less than MaxError in it.
const staleAfter = 5 * time.Minute

// NewSynced returns a clock that follows read, measured once.
func NewSynced(ctx context.Context, read func(context.Context) (time.Time, error)) (*Synced, error) {
	return NewSyncedOn(ctx, time.Now, read)
}

// NewSyncedOn is NewSynced on a machine whose own clock shows machine, to prove that a wrong one changes nothing.
func NewSyncedOn(ctx context.Context, machine func() time.Time, read func(context.Context) (time.Time, error)) (*Synced, error) {
	s := &Synced{read: read, machine: machine, anchor: machine()}
	return s, s.Measure(ctx)
}

func (s *Synced) local() time.Time { return s.anchor.Add(s.machine().Sub(s.anchor)) }

// Now returns the reference's time in UTC.
func (s *Synced) Now() time.Time {
	return s.local().Add(s.state.Load().offset).Round(0).UTC()
}

// Measure asks the reference for its time and takes the best of three answers: half a round trip bounds the error. A
// measurement that is worse than the one in use is not taken, as long as that one still counts.
func (s *Synced) Measure(ctx context.Context) error {
	var best *measured
	var last error
	for range 3 {
		before := s.local()
		t, err := s.read(ctx)
		if err != nil {
			last = err
			continue
		}
		after := s.local()
		half := after.Sub(before) / 2
		if best == nil || half < best.err {
			best = &measured{offset: t.Sub(before.Add(half)), err: half, at: after}
		}
	}
	if best == nil {
		if s.state.Load() == nil {
			s.state.Store(&measured{err: MaxError, at: s.anchor})
		}
		return fmt.Errorf("measure clock offset: %w", last)
	}
	if old := s.state.Load(); old == nil || best.err <= MaxError/4 || best.at.Sub(old.at) > staleAfter {
		s.state.Store(best)
	}
	return nil
}

// Offset returns how far the reference is ahead of this machine's wall clock as it was at the start.
func (s *Synced) Offset() time.Duration { return s.state.Load().offset }

// Check returns ErrUnsure if the clock may be off by MaxError or more.
func (s *Synced) Check() error {
	m := s.state.Load()
	if m.err >= MaxError || s.local().Sub(m.at) > staleAfter {
		return ErrUnsure
	}
	return nil
}

// Run measures every interval until ctx ends.
func (s *Synced) Run(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = s.Measure(ctx) // Check tells when it has failed for too long
		case <-ctx.Done():
			return
		}
	}
}
