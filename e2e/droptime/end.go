package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// end is what became of one session.
type end struct {
	*held
	Cause string
	At    time.Time // T
	acked bool

	refusedOwn atomic.Int64 // answers of curfew's own endpoints that refused, as they must

	mu     sync.Mutex
	faults []string
}

// blame notes what must not have happened.
func (e *end) blame(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = append(e.faults, fmt.Sprintf("%s of %s (%s, %s): %s", e.sessionID, e.userID, e.party.kind, e.Cause, what))
}

// drop is how long after the end the party accepted something, 0 if it did not.
func (e *end) drop() time.Duration {
	last := e.last.Load()
	if last == 0 {
		return 0
	}
	return max(0, time.Unix(0, last).Sub(e.At))
}

// how long an acknowledgement is waited for, however often it has to be asked for.
const askFor = 45 * time.Second

// run brings the end about. Where something breaks meanwhile, an end may be asked for and its answer lost: it is asked for
// again, and counts from the answer that arrives. What then cannot be answered (a user who is deleted already) is not an
// acknowledged end, and counts for nothing.
func (e *end) run(ctx context.Context, r *rig) {
	if e.cause.end == nil {
		e.wait(ctx, r)
		return
	}
	e.arm()
	lost := false
	for deadline := now().Add(askFor); ; {
		err := e.cause.end(ctx, r, e.held)
		if err == nil {
			e.over(ctx, now())
			return
		}
		var answer *answerError
		if definite := errors.As(err, &answer) && answer.status < 500; definite || now().After(deadline) {
			if !lost {
				e.blame(err.Error())
			}
			return
		}
		lost = true
		if r.Fault == "" {
			progress("%s, %s: %v", e.Cause, e.sessionID, err)
		}
		if !pause(ctx, 300*time.Millisecond) {
			return
		}
	}
}

// wait is for ends that come by themselves.
func (e *end) wait(ctx context.Context, r *rig) {
	if !pause(ctx, until(e.expected)-200*time.Millisecond) {
		return
	}
	e.arm()
	at, err := r.instant(ctx, e.held)
	if err != nil || at.Sub(e.expected).Abs() > 5*time.Second {
		e.blame(fmt.Sprintf("is to end at %s, %s from when it should: %v", at, at.Sub(e.expected), err))
		return
	}
	// One clock decides, and the answer of another may be the error of both away.
	if pause(ctx, until(at)+r.Error) {
		e.over(ctx, at)
	}
}
