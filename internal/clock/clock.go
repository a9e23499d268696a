package clock

import (
	"sync"
	"time"
)

// Clock tells the time. Everything that compares or stores an instant takes one.
type Clock interface {
	// Now returns the current instant in UTC.
	Now() time.Time
}

// System is this machine's clock.
type System struct{}

// Now returns this machine's wall clock.
func (System) Now() time.Time { return time.Now().UTC() }

// Fake is a clock that moves only when told to.
type Fake struct {
	mu sync.Mutex
	t  time.Time
}

// NewFake returns a Fake that stands at t.
func NewFake(t time.Time) *Fake { return &Fake{t: t.UTC()} }

// Now returns the instant the clock was last moved to.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.t
}

// Advance moves the clock by d.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.t = f.t.Add(d)
}
