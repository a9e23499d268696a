package main

import (
	"time"

	"github.com/curfew-id/curfew/internal/clock"
)

// The relying parties' clock, and the measurement's: this machine's.

func now() time.Time { return clock.System{}.Now() }

func until(t time.Time) time.Duration { return t.Sub(now()) }

func since(t time.Time) time.Duration { return now().Sub(t) }
