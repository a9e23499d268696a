package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/curfew-id/curfew/storage"
)

// Sender makes one attempt to send a delivery and returns the HTTP status of the answer, 0 where there was none. nil means
// that the receiver took it, ErrGone that there is nobody to tell. Any other error is tried again.
type Sender func(ctx context.Context, d *storage.Delivery) (status int, err error)

// ErrGone is returned by a Sender when the receiver does not exist any more or does not want to be told.
var ErrGone = errors.New("nobody to deliver to")

// begin counts deliveries that have been claimed.
func (q *Queue) begin(list []*storage.Delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range list {
		if q.lanes[d.Receiver] == nil {
			q.lanes[d.Receiver] = new(lane)
		}
		q.lanes[d.Receiver].sending++
	}
}

// attempt makes one attempt and hands its result to the writer.
func (q *Queue) attempt(ctx context.Context, d *storage.Delivery) {
	place := q.take(d.Receiver)
	defer q.Wake() // there may be more for this receiver
	defer place.leave()

	sent := q.opt.Clock.Now()
	// A process that was paused between the claim and here must not send beside whoever has taken over.
	if sent.Add(q.opt.Timeout).After(d.ClaimedUntil.Time) {
		d.NextAt, d.ClaimedUntil = storage.At(sent), storage.Time{}
		q.results <- storage.DeliveryResult{Delivery: d, Unsent: true}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, q.opt.Timeout)
	defer cancel()
	status, err := q.send(ctx, d)
	q.results <- q.result(d, sent, q.opt.Clock.Now(), status, err)
}

// send turns a panic of a sender into an error: one odd delivery must not end the process.
func (q *Queue) send(ctx context.Context, d *storage.Delivery) (status int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("sender panicked: %v", p)
		}
	}()
	return q.opt.Send(ctx, d)
}

// result is the receipt of an attempt: settled, or due again after a pause.
func (q *Queue) result(d *storage.Delivery, sent, now time.Time, status int, err error) storage.DeliveryResult {
	r := storage.DeliveryResult{Delivery: d}
	d.ClaimedUntil, d.LastStatus, d.LastError = storage.Time{}, int64(status), ""
	settle := func(outcome string) { d.Outcome, d.SettledAt, d.NextAt = outcome, storage.At(now), storage.At(now) }
	if errors.Is(err, ErrGone) {
		r.Unsent = true
		settle(Gone)
		return r
	}
	class := ClassOf(err)
	if r.Unsent = class == Internal; !r.Unsent {
		d.SentAt, d.Duration = storage.At(sent), now.Sub(sent).Microseconds()
	}
	if status != 0 {
		d.AnsweredAt = storage.At(now)
	}
	if err == nil {
		settle(Delivered)
		return r
	}
	d.LastError, r.ReceiverFailed = string(class), class != Rejected
	pause := retryAfter(d.Attempts)
	if r.Pause = q.asked(d, now, err); r.Pause > pause {
		pause = r.Pause
	}
	d.NextAt = storage.At(now.Add(pause))
	if !d.NextAt.Before(d.ExpiresAt.Time) || class == Rejected && now.Sub(d.CreatedAt.Time) >= q.opt.RejectedTTL {
		settle(Failed)
	}
	q.opt.Log.Warn("delivery failed", "kind", d.Kind, "delivery", d.ID, "receiver", d.Receiver, "attempt", d.Attempts,
		"status", status, "class", class, "outcome", d.Outcome, "error", err)
	return r
}

// lastCall is how long before the end of its time a delivery is tried once more that would not be because its receiver asked
// for a longer pause: the receiver may do better than it thought.
const lastCall = time.Minute

// asked is the pause that the receiver of d asks for, as far as it is granted: 0 for none.
func (q *Queue) asked(d *storage.Delivery, now time.Time, err error) time.Duration {
	f := (*Failure)(nil)
	if q.opt.RetryAfterMax <= 0 || !errors.As(err, &f) {
		return 0
	}
	return max(0, min(f.RetryAfter(now), q.opt.RetryAfterMax, d.ExpiresAt.Sub(now)-lastCall))
}

// place is where an attempt counts: among the new ones, and after a while among those that linger.
type place struct {
	q        *Queue
	receiver string
	timer    *time.Timer
	lingers  chan bool
}

// take begins to count an attempt whose place among the workers is taken.
func (q *Queue) take(receiver string) *place {
	p := &place{q: q, receiver: receiver, lingers: make(chan bool, 1)}
	p.timer = time.AfterFunc(q.opt.Patience, p.linger)
	return p
}

// linger makes room for a new attempt. Where too many linger already, the attempt keeps its place.
func (p *place) linger() {
	select {
	case p.q.lingering <- struct{}{}:
		p.q.count(p.receiver, 0, 1)
		<-p.q.workers
		p.lingers <- true
	default:
		p.lingers <- false
	}
}

func (p *place) leave() {
	if !p.timer.Stop() && <-p.lingers {
		p.q.count(p.receiver, -1, -1)
		<-p.q.lingering
		return
	}
	p.q.count(p.receiver, -1, 0)
	<-p.q.workers
}

func (q *Queue) count(receiver string, sending, lingering int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lanes[receiver]
	l.sending += sending
	l.lingering += lingering
	if l.sending == 0 {
		delete(q.lanes, receiver)
	}
}
