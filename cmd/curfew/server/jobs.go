package server

import (
	"context"
	"sync"
	"time"

	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/op/session"
)

// Run does the periodic work until ctx ends and returns when all of it has stopped. Every replica may do it: each piece
// is right whoever else does it at the same time.
func (s *Server) Run(ctx context.Context) {
	var wg sync.WaitGroup
	if s.sync != nil {
		wg.Go(func() { s.sync.Run(ctx, 10*time.Second) })
	}
	wg.Go(func() { s.Activity.Run(ctx) })
	wg.Go(func() { s.Push.Run(ctx) })
	wg.Go(func() { s.endOverdue(ctx) })
	wg.Go(func() { s.every(ctx, "read signing keys", 30*time.Second, s.Ring.Reload) })
	wg.Go(func() {
		s.every(ctx, "rotate signing keys", time.Hour, func(ctx context.Context) error { return s.Ring.Rotate(ctx, false) })
	})
	if s.opts.Sessions.Places != nil {
		wg.Go(func() { s.every(ctx, "take up a new GeoIP file", time.Minute, s.reloadPlaces) })
	}
	wg.Go(func() { s.every(ctx, "seal audit events", time.Second, s.sealEvents) })
	wg.Go(func() { s.every(ctx, "sign audit checkpoint", time.Minute, s.Audit.Checkpoint) })
	wg.Go(func() { s.every(ctx, "forget kept answers", 10*time.Minute, s.API.Forget) })
	wg.Go(func() { s.every(ctx, "write down uses of API keys", time.Minute, s.APIKeys.Note) })
	wg.Go(func() { s.every(ctx, "count the figures of the console", time.Minute, s.Console.Count) })
	wg.Go(func() { s.Queue.Run(ctx) })
	wg.Go(func() { s.WebhookQueue.Run(ctx) })
	wg.Go(func() { s.wakeQueue(ctx) })
	wg.Go(func() { s.every(ctx, "file sessions", fileEvery, s.alone("file sessions", s.Store.FileSessions)) })
	wg.Go(func() { s.every(ctx, "clean up", 10*time.Minute, s.alone("clean up", s.cleanUp)) })
	wg.Go(func() {
		s.every(ctx, "remove old receipts", 10*time.Minute, s.alone("remove old receipts", s.forgetReceipts))
	})
	wg.Go(func() { s.every(ctx, "remove old webhook messages", 10*time.Minute, s.Webhooks.Forget) })
	wg.Wait()
}

func (s *Server) every(ctx context.Context, what string, interval time.Duration, do func(context.Context) error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := do(ctx); err != nil && ctx.Err() == nil {
				s.opts.Log.WarnContext(ctx, "periodic work failed, will be tried again", "work", what, "error", err)
			}
		}
	}
}

// endOverdue takes sessions through the door whose time has run out or whose epoch has moved. Only then are those told who
// have to be told of each, so it begins a look each second, and one at once when this replica has moved an epoch; but it rests as long
// as the last look took, however many sessions have ended.
func (s *Server) endOverdue(ctx context.Context) {
	pause := time.Second
	var called <-chan struct{} // only after a rest as long as the last look took
	for rest := time.Duration(0); ; called = nil {
		due := time.After(pause)
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				return
			case <-due:
				waiting = false
			case <-called:
				waiting = false
			case <-time.After(rest):
				called, rest = s.Store.EpochMoved(), pause
			}
		}
		began := s.Clock.Now()
		err := s.alone("end overdue sessions", s.sweepSessions)(ctx)
		if err != nil && ctx.Err() == nil {
			s.opts.Log.WarnContext(ctx, "periodic work failed, will be tried again", "work", "end overdue sessions", "error", err)
		}
		took := max(0, s.Clock.Now().Sub(began))
		rest = min(took, 10*time.Second)
		pause = max(time.Second-took, rest)
	}
}

// fileEvery is how often sessions are looked for that are not filed. By half of the time within which those are told of, so that one
// look may be missed.
const fileEvery = 5 * time.Minute

// alone lets work be done by one replica at a time, as several at once would only get into one another's way.
func (s *Server) alone(name string, do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := s.Store.Exclusively(ctx, name, do)
		return err
	}
}

// sweptAtOnce bounds how many sessions are in memory.
const sweptAtOnce = 2000

func (s *Server) sweepSessions(ctx context.Context) error {
	for {
		n, err := s.Door.Sweep(ctx, sweptAtOnce)
		if err != nil || n < sweptAtOnce {
			return err
		}
	}
}

func (s *Server) sealEvents(ctx context.Context) error {
	_, err := s.Audit.Seal(ctx)
	return err
}

// reloadPlaces takes up the file that geoipupdate has put in the place of the one before.
func (s *Server) reloadPlaces(ctx context.Context) error {
	changed, err := s.opts.Sessions.Places.Reload()
	if changed {
		s.opts.Log.InfoContext(ctx, "took up a new GeoIP file")
	}
	return err
}

// keepEnded is how long an ended session can be looked up; the audit keeps its events for ever.
const keepEnded = 30 * 24 * time.Hour

func (s *Server) cleanUp(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = s.Store.DeleteAuthRequests(ctx, s.Clock.Now().Add(-24*time.Hour), 5000); err != nil {
			return err
		}
	}
	for more := true; more; {
		n, err := s.Store.DeleteEndedSessions(ctx, s.Clock.Now().Add(-keepEnded), 500)
		if err != nil {
			return err
		}
		more = n == 500
	}
	for more := true; more; {
		n, err := s.Store.DeleteDevices(ctx, s.Clock.Now().Add(-session.DeviceTTL), 500)
		if err != nil {
			return err
		}
		more = n == 500
	}
	if err := s.Store.DeleteSessionEnds(ctx, s.Clock.Now().Add(-push.Keep)); err != nil {
		return err
	}
	if err := s.API.ForgetImports(ctx); err != nil {
		return err
	}
	return s.Factors.Sweep(ctx)
}
