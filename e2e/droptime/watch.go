package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// How often a session is used: by its user while it lives, and by the measurement around its end and around the end of the
// minute.
const (
	usedEvery    = 4 * time.Second
	probedFine   = 25 * time.Millisecond
	probedCoarse = 250 * time.Millisecond
	probedSparse = 5 * time.Second // once it is refused, to see that it stays refused
	fineFor      = 2 * time.Second
	refusals     = 8 // in a row, after which the party has dropped it as far as anybody can see
)

// live uses a session from its start until ctx ends or it has been watched for long enough after its end.
func (h *held) live(ctx context.Context, begin time.Time) {
	if !pause(ctx, until(begin)) {
		return
	}
	refused := 0
	for {
		if h.use(ctx) {
			refused = 0
		} else {
			refused++
		}
		wait, over := h.next(refused)
		if over || ctx.Err() != nil {
			return
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-h.woken:
			refused = 0
			t.Stop()
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// next is how long to wait until the next use, and whether there is none.
func (h *held) next(refused int) (wait time.Duration, over bool) {
	fine := probedFine
	if h.coarse {
		fine = probedCoarse
	}
	ended := h.endedAt.Load()
	if ended == 0 {
		if h.armed.Load() {
			return fine, false
		}
		return usedEvery/2 + rand.N(usedEvery), false
	}
	after := since(time.Unix(0, ended))
	switch {
	case after > h.rig.Tail:
		return 0, true
	case refused > refusals:
		return min(probedSparse, h.rig.Tail-after+time.Millisecond), false
	case after < fineFor, after > bound-2*time.Second:
		return fine, false
	default:
		return probedCoarse, false
	}
}

// arm has the session probed often: its end is near.
func (h *held) arm() {
	h.armed.Store(true)
	h.wake()
}

func (h *held) wake() {
	select {
	case h.woken <- struct{}{}:
	default:
	}
}

// over notes when the end was acknowledged, and what curfew's own endpoints make of the session from then on, where the
// bound is zero: no refresh, no userinfo.
func (h *held) over(ctx context.Context, at time.Time) {
	h.report.At = at
	h.report.acked = true
	refresh, access, _, _ := h.holds(ctx)
	h.endedAt.Store(at.UnixNano())
	h.wake()
	h.own(ctx, refresh, access)
}

// own presents what is left of an ended session to curfew, until there is an answer.
func (h *held) own(ctx context.Context, refresh, access string) {
	ask := func(what string, do func() error) {
		for range 40 {
			switch err := do(); {
			case errors.Is(err, errRefused):
				h.report.refusedOwn.Add(1)
				return
			case err == nil:
				h.report.blame(what + " was answered after the end")
				return
			}
			if !pause(ctx, 500*time.Millisecond) {
				return
			}
		}
		h.report.blame(what + " was never answered")
	}
	if refresh != "" {
		ask("refresh", func() error { _, err := h.rig.refresh(ctx, h.party, refresh); return err })
	}
	if access != "" {
		ask("userinfo", func() error { return h.rig.userinfo(ctx, access) })
	}
}
