package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/curfew-id/curfew/internal/id"
)

// measure does everything and gives everything back.
func measure(ctx context.Context, o settings) (_ *report, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	progress("start PostgreSQL, %d replicas and the relying parties", replicas)
	r, err := open(ctx, o)
	if r != nil {
		defer func() { _ = r.close() }()
	}
	if err != nil {
		return nil, err
	}
	return r.run(ctx)
}

// run is one run: seed, warm, end one by one, end all, watch, ask the database.
func (r *rig) run(ctx context.Context) (*report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begin := now().Add(3*time.Second + time.Duration(r.Sessions)*4*time.Millisecond) // writing them takes a fraction of that
	first := begin.Add(r.Warm)
	all, ends := r.plan(begin, first)
	if err := r.seed(ctx, all); err != nil {
		return nil, err
	}
	progress("%d sessions seeded, used and refreshed from now on", len(all))
	browser, err := r.openChromium(ctx)
	if err != nil {
		return nil, err
	}
	defer browser.close()
	if now().After(begin) { // the instants at which some of them end by themselves are written already
		return nil, errors.New("the machine is too slow: the sessions were not there in time")
	}

	var living, ending sync.WaitGroup
	for i, h := range all {
		start := begin.Add(time.Duration(i) * r.Warm * 3 / 4 / time.Duration(len(all)))
		if h.cause != nil && h.cause.name == causeIdle {
			start = h.expected.Add(-idleShort)
		}
		living.Go(func() { h.live(ctx, start) })
	}
	if !pause(ctx, until(first)) {
		return nil, ctx.Err()
	}
	if dead := r.neverAccepted(all, first); dead > 0 {
		return nil, fmt.Errorf("%d sessions were not accepted once before their end", dead)
	}
	progress("end %d of them in %v, by every cause", r.Ends, r.Window)
	mended := r.breakThings(ctx)
	ending.Go(func() { browser.endAll(ctx, r, ends) })
	r.endOneByOne(ctx, first, ends, &ending)
	ending.Wait()
	rest := r.endTheRest(ctx, all)
	progress("all have ended; watch what is left of them for %v", r.Tail)
	living.Wait()
	if err := errors.Join(ctx.Err(), mended()); err != nil {
		return nil, err
	}
	progress("ask the database for every end")
	return r.judge(ctx, ends, rest)
}

// plan makes the sessions: first those that end one by one, cause after cause and kind after kind, then the others.
func (r *rig) plan(begin, first time.Time) (all []*held, ends []*end) {
	byItself := r.Ends - r.Browsers
	add := func(k kind, c *cause) *held {
		role := roleUsual
		if c != nil && c.role != "" {
			role = c.role
		}
		h := &held{n: len(all), rig: r, party: r.party(k, role), cause: c, userID: id.New(id.User), sessionID: id.New(id.Session),
			familyID: id.New(id.Family), woken: make(chan struct{}, 1)}
		all = append(all, h)
		return h
	}
	for i := range byItself {
		c := causes[i%len(causes)]
		ends = append(ends, &end{held: add(kinds[i/len(causes)%unattended], c), Cause: c.name})
	}
	for range r.Browsers {
		ends = append(ends, &end{held: add(byFront, browserCause), Cause: causeBrowser})
	}
	// In a random order that is the same each time.
	order := rand.New(rand.NewPCG(1, 2)).Perm(len(ends))
	for i, at := range order {
		e := ends[i]
		e.expected = first.Add(r.Window * time.Duration(at) / time.Duration(len(ends)))
		if e.Cause == causeIdle || e.Cause == causeExpired { // its last use is still to come
			if earliest := begin.Add(idleShort + 2*time.Second); e.expected.Before(earliest) {
				e.expected = earliest.Add(time.Duration(at) * 20 * time.Millisecond)
			}
		}
		e.report = e
	}
	for i := len(all); i < r.Sessions; i++ {
		h := add(kinds[i%unattended], nil)
		h.coarse = i >= len(ends)+unattended*restFine
	}
	return all, ends
}

// restFine is how many of those that end with all others are probed as often as those that end by themselves, of each kind.
const restFine = 30

func (r *rig) neverAccepted(all []*held, before time.Time) (n int) {
	for _, h := range all {
		if h.last.Load() == 0 && (h.cause == nil || h.cause.name != causeIdle) {
			n++
		}
	}
	return n
}

// endOneByOne ends each when its time has come.
func (r *rig) endOneByOne(ctx context.Context, first time.Time, ends []*end, ending *sync.WaitGroup) {
	whole := map[*party][]*end{}
	for _, e := range ends {
		switch {
		case e.cause.whole:
			whole[e.party] = append(whole[e.party], e)
		case e.cause != browserCause:
			ending.Go(func() {
				if e.cause.end == nil || pause(ctx, until(e.expected)) {
					e.run(ctx, r)
				}
			})
		}
	}
	n := 0
	for _, list := range whole {
		n++
		at := first.Add(r.Window * time.Duration(n) / time.Duration(len(whole)+1))
		ending.Go(func() {
			if pause(ctx, until(at)) {
				r.endTogether(ctx, list, func() error { return list[0].cause.end(ctx, r, list[0].held) })
			}
		})
	}
}

// endTogether brings about an end that is of many sessions at once.
func (r *rig) endTogether(ctx context.Context, list []*end, do func() error) (at time.Time) {
	for _, e := range list {
		e.arm()
	}
	if !pause(ctx, 300*time.Millisecond) {
		return now()
	}
	var err error
	for deadline := now().Add(askFor); now().Before(deadline); {
		if err = do(); err == nil {
			break
		}
		var answer *answerError
		if errors.As(err, &answer) && answer.status < 500 || !pause(ctx, 300*time.Millisecond) {
			break
		}
	}
	at = now()
	var telling sync.WaitGroup
	for i, e := range list {
		switch {
		case err != nil:
			e.blame(err.Error())
			e.endedAt.Store(at.UnixNano()) // watched no longer than others
		case i < 40: // all that it takes to see whether curfew's own endpoints refuse
			telling.Go(func() { e.over(ctx, at) })
		default:
			e.report.At, e.report.acked = at, true
			e.endedAt.Store(at.UnixNano())
			e.wake()
		}
	}
	telling.Wait()
	return at
}

// endTheRest ends everybody's sessions, and returns those that lived until then. One whose own end was never acknowledged is
// over by now at the latest, and watched like the others.
func (r *rig) endTheRest(ctx context.Context, all []*held) (rest []*end) {
	var strays []*held
	for _, h := range all {
		switch {
		case h.endedAt.Load() != 0:
		case h.cause == nil:
			h.report = &end{held: h, Cause: causeAll}
			rest = append(rest, h.report)
		default:
			strays = append(strays, h)
		}
	}
	progress("end all others, %d of them, at once", len(rest))
	at := r.endTogether(ctx, rest, func() error { return endAll(ctx, r) })
	for _, h := range strays {
		h.endedAt.Store(at.UnixNano())
		h.wake()
	}
	return rest
}
