package rp

import (
	"testing"
	"time"
)

// Hurry makes followers wait for as little as a test can stand, until it ends.
func Hurry(t testing.TB, silence time.Duration) {
	usual := usualPace
	usualPace = pace{poll: 5 * time.Millisecond, silence: silence, open: 2 * time.Second, first: 5 * time.Millisecond, longest: 20 * time.Millisecond}
	t.Cleanup(func() { usualPace = usual })
}
