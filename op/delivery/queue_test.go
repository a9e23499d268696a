package delivery_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
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

// After 24 hours a delivery has failed for good, whether it was tried to the end or could not be tried at all.
func TestQueueGivesUp(t *testing.T) {
	eachPost(t, func(p *post) {
		d := p.owe("a", "", 1)[0]
		p.run(p.options(func(context.Context, *storage.Delivery) (int, error) {
			return 0, &delivery.Failure{Class: delivery.Timeout}
		}))
		var got *storage.Delivery
		p.until("given up", func() bool {
			before := p.read()[d.ID].Attempts
			p.clock.Advance(10 * time.Minute)
			for range 5 { // time to try, if it is due
				if got = p.read()[d.ID]; got.SettledAt.Set() || got.Attempts != before {
					break
				}
				time.Sleep(4 * time.Millisecond)
			}
			return got.SettledAt.Set()
		})
		tried := got.SettledAt.Sub(start)
		if got.Outcome != delivery.Failed || got.LastError != "timeout" || tried < delivery.TTL-20*time.Minute || tried > delivery.TTL+20*time.Minute {
			p.Errorf("after %s: %+v", tried, got)
		}
		if got.Attempts < 20 || got.Attempts > 150 {
			p.Errorf("%d attempts", got.Attempts)
		}
	})
	eachPost(t, func(p *post) {
		p.owe("a", "", 3)
		p.clock.Advance(delivery.TTL)
		p.run(p.options(func(context.Context, *storage.Delivery) (int, error) {
			p.Error("sent after its time")
			return 200, nil
		}))
		p.until("given up", p.settled(delivery.Failed))
	})
}

// What a worker had when it died is taken over when its lease ends, not before, and its own late word counts no more.
func TestQueueTakesOver(t *testing.T) {
	eachPost(t, func(p *post) {
		d := p.owe("a", "", 1)[0]
		claim := storage.DeliveryClaim{Kind: kind, Now: p.clock.Now(), Until: p.clock.Now().Add(20 * time.Second), PerReceiver: 4, Limit: 10}
		dead, err := p.store.ClaimDeliveries(p.Context(), claim)
		if p.must(err); len(dead) != 1 || dead[0].Attempts != 1 {
			p.Fatalf("%+v", dead)
		}
		var attempt atomic.Int64
		p.run(p.options(func(_ context.Context, d *storage.Delivery) (int, error) {
			attempt.Store(d.Attempts)
			return 200, nil
		}))
		p.clock.Advance(19 * time.Second)
		time.Sleep(60 * time.Millisecond)
		if n := attempt.Load(); n != 0 {
			p.Errorf("attempt %d while the lease ran", n)
		}
		p.clock.Advance(time.Second)
		p.until("taken over", p.settled(delivery.Delivered))
		if n := attempt.Load(); n != 2 {
			p.Errorf("attempt %d", n)
		}
		dead[0].Outcome, dead[0].SettledAt = "stale", storage.At(p.clock.Now())
		p.must(p.store.RecordDeliveries(p.Context(), []storage.DeliveryResult{{Delivery: dead[0]}}, p.clock.Now(), nil))
		if got := p.read()[d.ID]; got.Outcome != delivery.Delivered {
			p.Errorf("%+v", got)
		}
	})
}

// Two queues on one database: each delivery is sent once.
func TestQueuesShareTheWork(t *testing.T) {
	eachPost(t, func(p *post) {
		for _, r := range []string{"a", "b", "c", "d", "e"} {
			p.owe(r, "", 40)
		}
		var mu sync.Mutex
		sent := map[string]int{}
		for range 2 {
			o := p.options(func(_ context.Context, d *storage.Delivery) (int, error) {
				mu.Lock()
				defer mu.Unlock()
				sent[d.ID]++
				return 200, nil
			})
			p.run(o)
		}
		p.until("delivered", p.settled(delivery.Delivered))
		mu.Lock()
		defer mu.Unlock()
		for _, d := range p.read() {
			if sent[d.ID] != 1 || d.Attempts != 1 {
				p.Errorf("%s was sent %d times in %d attempts", d.ID, sent[d.ID], d.Attempts)
			}
		}
	})
}

// Deliveries of one key go one after the other, each when the one before is settled, also where one fails and is tried
// again, and also with two queues. Others to the same receiver do not wait for them.
func TestQueueKeepsOrder(t *testing.T) {
	eachPost(t, func(p *post) {
		ordered := p.owe("a", "k", 8)
		p.owe("a", "", 5)
		p.owe("a", "other", 1)
		var mu sync.Mutex
		var order []string
		failed := map[string]bool{}
		var under atomic.Int64
		for range 2 {
			p.run(p.options(func(_ context.Context, d *storage.Delivery) (int, error) {
				if d.OrderKey != "k" {
					return 200, nil
				}
				if under.Add(1) > 1 {
					p.Error("two of one key at once")
				}
				defer under.Add(-1)
				mu.Lock()
				defer mu.Unlock()
				if d.ID == ordered[2].ID && !failed[d.ID] {
					failed[d.ID] = true
					return 400, &delivery.Failure{Class: delivery.Rejected, Status: 400}
				}
				order = append(order, d.ID)
				return 200, nil
			}))
		}
		p.until("the third fails", func() bool { return p.read()[ordered[2].ID].LastError != "" })
		p.until("the others go on", func() bool {
			n := 0
			for _, d := range p.read() {
				if d.OrderKey != "k" && d.Outcome == delivery.Delivered {
					n++
				}
			}
			return n == 6
		})
		if got := p.read()[ordered[3].ID]; got.Attempts != 0 {
			p.Errorf("the fourth did not wait: %+v", got)
		}
		p.clock.Advance(2 * time.Second)
		p.until("delivered", p.settled(delivery.Delivered))
		for i, d := range ordered {
			if order[i] != d.ID {
				p.Fatalf("order %v", order)
			}
		}
	})
}

// What is under way when a stop is asked for is finished and written down.
func TestQueueStopsGracefully(t *testing.T) {
	eachPost(t, func(p *post) {
		p.owe("a", "", 1)
		began, release := make(chan struct{}), make(chan struct{})
		stop := p.run(p.options(func(ctx context.Context, _ *storage.Delivery) (int, error) {
			close(began)
			<-release
			return 200, ctx.Err()
		}))
		<-began
		time.AfterFunc(50*time.Millisecond, func() { close(release) })
		stop()
		if !p.settled(delivery.Delivered)() {
			p.Error("not written down")
		}
	})
}

// A fault here is tried again and says nothing of the receiver; nobody to tell settles; a panic is a fault.
func TestQueueOtherEnds(t *testing.T) {
	eachPost(t, func(p *post) {
		for _, r := range []string{"gone", "fault", "panic"} {
			p.owe(r, "", 1)
		}
		p.run(p.options(func(_ context.Context, d *storage.Delivery) (int, error) {
			switch d.Receiver {
			case "gone":
				return 0, delivery.ErrGone
			case "panic":
				panic("odd")
			}
			return 0, errors.New("database away")
		}))
		p.until("gone", p.settled(delivery.Gone, "gone"))
		p.until("the faults", func() bool {
			for _, d := range p.read() {
				if d.Receiver != "gone" && (d.LastError != "internal" || d.SentAt.Set() || d.SettledAt.Set()) {
					return false
				}
			}
			return true
		})
	})
}

func TestOldReceiptsAreRemoved(t *testing.T) {
	eachPost(t, func(p *post) {
		d := p.owe("a", "", 2)
		p.run(p.options(func(_ context.Context, sent *storage.Delivery) (int, error) {
			if sent.ID == d[1].ID {
				return 400, &delivery.Failure{Class: delivery.Rejected}
			}
			return 200, nil
		}))
		p.until("delivered", func() bool { return p.read()[d[0].ID].SettledAt.Set() })
		p.must(p.store.DeleteDeliveries(p.Context(), start, 10))
		if n := len(p.read()); n != 2 {
			p.Errorf("%d are left of two that are not old", n)
		}
		p.must(p.store.DeleteDeliveries(p.Context(), time.Now().Add(24*time.Hour), 10))
		if got := p.read(); len(got) != 1 || got[d[1].ID] == nil {
			p.Errorf("left: %v", got)
		}
	})
}
