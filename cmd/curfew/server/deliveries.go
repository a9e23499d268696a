package server

import (
	"context"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
)

// keepReceipts is how long it can be looked up who was told of an end.
const keepReceipts = 30 * 24 * time.Hour

// makeQueue is what tells relying parties by the back channel.
func (s *Server) makeQueue() *delivery.Queue {
	doer := httpx.NewDoer(httpx.Options{AllowPrivate: s.opts.AllowPrivate})
	back := logout.NewBackChannel(s.Store, s.Clients, s.Tokens, doer, s.Clock)
	// RetryAfterMax stays 0: an app that asks to be left alone for an hour would keep a session for an hour that has ended. It is
	// tried as ever, each message a few times a minute at first and then every 15 minutes, which no app is too busy for.
	return delivery.NewQueue(delivery.QueueOptions{Store: s.Store, Clock: s.Clock, Log: s.opts.Log,
		Kind: logout.KindBackChannel, Send: back.Send})
}

// wakeQueue rings the queues when a session has ended or an endpoint is owed something, here or on another replica. While
// it cannot, they look by themselves once a second.
func (s *Server) wakeQueue(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.Store.HearEnds(ctx, s.wake); err != nil && ctx.Err() == nil {
			s.opts.Log.WarnContext(ctx, "ends are not heard at once, will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (s *Server) forgetReceipts(ctx context.Context) error {
	return s.Store.DeleteDeliveries(ctx, s.Clock.Now().Add(-keepReceipts), 5000)
}
