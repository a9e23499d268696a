package delivery_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
)

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
		if got.Outcome != delivery.Failed || got.LastError != "timeout" || tried < delivery.TTL-20*time.Minute || tried > delivery.TTL+time.Hour {
			p.Errorf("after %s: %+v", tried, got)
		}
		if got.Attempts < 20 || got.Attempts > 150 {
			p.Errorf("%d attempts", got.Attempts)
		}
	})
	eachPost(t, func(p *post) { // an hour is enough of being rejected
		d := p.owe("a", "", 1)[0]
		p.run(p.options(func(context.Context, *storage.Delivery) (int, error) {
			return 400, &delivery.Failure{Class: delivery.Rejected, Status: 400}
		}))
		p.until("rejected", func() bool { return p.read()[d.ID].LastError == "rejected" })
		if got := p.read()[d.ID]; got.SettledAt.Set() {
			p.Errorf("%+v", got)
		}
		p.clock.Advance(delivery.RejectedTTL)
		p.until("given up", p.settled(delivery.Failed))
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
