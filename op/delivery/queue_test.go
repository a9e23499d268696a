package delivery_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const kind = "test"

// post is a database with deliveries and a clock that moves only when told to.
type post struct {
	*testing.T
	store *storage.Store
	clock *clock.Fake
}

func eachPost(t *testing.T, fn func(*post)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, store *storage.Store) { fn(&post{t, store, clock.NewFake(start)}) })
}

func (p *post) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// owe records n deliveries to a receiver and returns them, the oldest first. They are found by the session.
func (p *post) owe(receiver, key string, n int) (list []*storage.Delivery) {
	p.Helper()
	now := storage.At(p.clock.Now())
	for range n {
		list = append(list, &storage.Delivery{ID: id.New(id.Delivery), Kind: kind, Receiver: receiver, OrderKey: key,
			SessionID: "all", NextAt: now, CreatedAt: now, ExpiresAt: storage.At(now.Add(delivery.TTL))})
	}
	p.must(p.store.InsertDeliveries(p.Context(), list))
	return list
}

func (p *post) read() map[string]*storage.Delivery {
	p.Helper()
	list, err := p.store.SessionDeliveries(p.Context(), "all")
	p.must(err)
	m := map[string]*storage.Delivery{}
	for _, d := range list {
		m[d.ID] = d
	}
	return m
}

// options are those of a quick queue.
func (p *post) options(send delivery.Sender) delivery.QueueOptions {
	return delivery.QueueOptions{Store: p.store, Clock: p.clock, Kind: kind, Send: send, Poll: 10 * time.Millisecond,
		Patience: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(p.Output(), nil))}
}

// run lets a queue work until the returned function is called, at the latest until the test ends.
func (p *post) run(o delivery.QueueOptions) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.Context()))
	done := make(chan struct{})
	go func() { defer close(done); delivery.NewQueue(o).Run(ctx) }()
	stop = func() { cancel(); <-done }
	p.Cleanup(stop)
	return stop
}

// until waits for something to become true, half a minute at most.
func (p *post) until(what string, fn func() bool) {
	p.Helper()
	for deadline := time.Now().Add(30 * time.Second); !fn(); time.Sleep(3 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.Fatalf("%s: not within half a minute", what)
		}
	}
}

// settled tells whether every delivery, or every one to the receivers named, is settled as outcome.
func (p *post) settled(outcome string, receivers ...string) func() bool {
	return func() bool {
		for _, d := range p.read() {
			if asked := len(receivers) == 0 || d.Receiver == receivers[0]; asked && d.Outcome != outcome {
				return false
			}
		}
		return true
	}
}

func TestQueueWritesReceipts(t *testing.T) {
	eachPost(t, func(p *post) {
		d := p.owe("a", "", 1)[0]
		p.clock.Advance(time.Second)
		p.run(p.options(func(context.Context, *storage.Delivery) (int, error) {
			p.clock.Advance(30 * time.Millisecond)
			return 204, nil
		}))
		p.until("delivered", p.settled(delivery.Delivered))
		got, sent := p.read()[d.ID], start.Add(time.Second)
		if got.Attempts != 1 || got.LastStatus != 204 || got.LastError != "" || !got.SentAt.Equal(sent) || got.Duration != 30_000 ||
			!got.AnsweredAt.Equal(sent.Add(30*time.Millisecond)) || !got.SettledAt.Equal(got.AnsweredAt.Time) || got.ClaimedUntil.Set() {
			p.Errorf("%+v", got)
		}
	})
}

// A receiver that fails is tried again, later each time, and once it answers all that waited goes at once.
func TestQueueTriesAgain(t *testing.T) {
	eachPost(t, func(p *post) {
		p.owe("a", "", 5)
		var down atomic.Bool
		var sent atomic.Int64
		down.Store(true)
		p.run(p.options(func(context.Context, *storage.Delivery) (int, error) {
			sent.Add(1)
			if down.Load() {
				return 503, &delivery.Failure{Class: delivery.ReceiverFault, Status: 503}
			}
			return 200, nil
		}))
		p.until("the first five", func() bool { return sent.Load() == 5 })
		p.until("written down", func() bool {
			for _, d := range p.read() {
				if d.LastError == "" {
					return false
				}
			}
			return true
		})
		for _, d := range p.read() {
			if d.LastError != "receiver_fault" || d.LastStatus != 503 || d.SettledAt.Set() || !d.NextAt.After(start.Add(time.Second-1)) {
				p.Errorf("%+v", d)
			}
		}
		time.Sleep(50 * time.Millisecond)
		if n := sent.Load(); n != 5 {
			p.Errorf("%d were sent without a pause", n-5)
		}
		p.clock.Advance(2 * time.Second) // all five are due, one goes as a trial
		p.until("the trial", func() bool { return sent.Load() == 6 })
		time.Sleep(50 * time.Millisecond)
		if n := sent.Load(); n != 6 {
			p.Errorf("%d were sent beside the trial", n-6)
		}
		down.Store(false)
		p.clock.Advance(time.Second) // the pause after the second round; the one tried twice waits longer by itself
		p.until("delivered", p.settled(delivery.Delivered))
		for _, d := range p.read() {
			if d.Attempts < 2 || d.LastError != "" || d.LastStatus != 200 {
				p.Errorf("%+v", d)
			}
		}
	})
}

// A receiver that rejects one delivery is well: the others go on.
func TestQueueRejectedDeliveryBlocksNobody(t *testing.T) {
	eachPost(t, func(p *post) {
		odd := p.owe("a", "", 20)[3]
		p.run(p.options(func(_ context.Context, d *storage.Delivery) (int, error) {
			if d.ID == odd.ID {
				return 400, &delivery.Failure{Class: delivery.Rejected, Status: 400}
			}
			return 200, nil
		}))
		p.until("the others", func() bool {
			n := 0
			for _, d := range p.read() {
				if d.Outcome == delivery.Delivered {
					n++
				}
			}
			return n == 19
		})
		p.until("the odd one", func() bool { return p.read()[odd.ID].LastError == "rejected" })
	})
}

// Forty receivers that never answer, and one to whom a thousand is owed, delay nobody.
func TestQueueSlowReceiversDelayNobody(t *testing.T) {
	eachPost(t, func(p *post) {
		p.owe("crowded", "", 1000)
		for i := range 40 {
			p.owe("hangs"+string(rune('0'+i)), "", 3)
		}
		for i := range 40 {
			p.owe("well"+string(rune('0'+i)), "", 1)
		}
		release := make(chan struct{})
		var atOnce, most atomic.Int64
		o := p.options(func(ctx context.Context, d *storage.Delivery) (int, error) {
			switch d.Receiver[0] {
			case 'h':
				if n := atOnce.Add(1); n > most.Load() {
					most.Store(n)
				}
				<-release
			case 'c':
				time.Sleep(10 * time.Millisecond)
			}
			return 200, nil
		})
		o.Workers, o.PerReceiver = 16, 2
		began := time.Now()
		stop := p.run(o)
		p.until("those that are well", func() bool {
			for _, d := range p.read() {
				if d.Receiver[0] == 'w' && d.Outcome != delivery.Delivered {
					return false
				}
			}
			return true
		})
		if took := time.Since(began); took > 5*time.Second {
			p.Errorf("took %s", took)
		}
		if n := most.Load(); n > 40*4 {
			p.Errorf("%d under way to receivers that hang", n)
		}
		close(release)
		stop()
	})
}
