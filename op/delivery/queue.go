package delivery

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/storage"
)

// TTL is how long a delivery is tried.
const TTL = 24 * time.Hour

// RejectedTTL is how long a delivery is tried that its receiver rejects.
const RejectedTTL = time.Hour

// How a delivery ended.
const (
	Delivered = "delivered" // the receiver took it
	Failed    = "failed"    // not within TTL, or rejected until RejectedTTL was over
	Gone      = "gone"      // there is nobody to tell any more
)

// QueueOptions configure a Queue. Store, Clock, Kind and Send are required.
type QueueOptions struct {
	Store *storage.Store
	Clock clock.Clock
	Log   *slog.Logger // nil: slog.Default()

	Kind string // of deliveries to send
	Send Sender

	// RejectedTTL is how long a delivery is tried that its receiver rejects, 0: the constant of that name.
	RejectedTTL time.Duration

	// RetryAfterMax is how long a receiver that answers 429 or 503 can have itself left alone by Retry-After, 0: not at all.
	// Less than the queue's own pause it never gets.
	RetryAfterMax time.Duration

	// Workers is how many attempts may be new at once, 0: 128. An attempt is new for Patience (0: 250 ms); after that it makes
	// room for another one, as long as no more than Lingering (0: 2048) wait for their answers. So apps that hang hold
	// up those that answer by a moment, however many they are.
	Workers, Lingering int
	Patience           time.Duration
	// PerReceiver is how many deliveries a claim takes for one receiver, 0: 8; at most twice that are under way to it.
	PerReceiver int
	// Timeout ends an attempt, 0: 6 s, a little more than the Doer's own 5 s.
	Timeout time.Duration
	// Lease is how long a claimed delivery is left to its holder, 0: 20 s; longer than Timeout by what it takes to write the
	// result down.
	Lease time.Duration
	// Poll is how often to look without being woken, 0: 1 s.
	Poll time.Duration
}

// Queue sends deliveries of one kind that the database holds. Any number of queues may work on one database.
type Queue struct {
	opt  QueueOptions
	wake chan struct{}

	workers, lingering chan struct{} // a place each
	results            chan storage.DeliveryResult

	mu    sync.Mutex
	lanes map[string]*lane // receivers to whom something is under way here
}

// lane is what is under way to one receiver.
type lane struct{ sending, lingering int }

// NewQueue returns a Queue; Run makes it work.
func NewQueue(o QueueOptions) *Queue {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.RejectedTTL <= 0 {
		o.RejectedTTL = RejectedTTL
	}
	for n, standard := range map[*int]int{&o.Workers: 128, &o.Lingering: 2048, &o.PerReceiver: 8} {
		if *n <= 0 {
			*n = standard
		}
	}
	for d, standard := range map[*time.Duration]time.Duration{&o.Patience: 250 * time.Millisecond, &o.Timeout: 6 * time.Second,
		&o.Lease: 20 * time.Second, &o.Poll: time.Second} {
		if *d <= 0 {
			*d = standard
		}
	}
	return &Queue{opt: o, wake: make(chan struct{}, 1), workers: make(chan struct{}, o.Workers),
		lingering: make(chan struct{}, o.Lingering), results: make(chan storage.DeliveryResult, o.Workers), lanes: map[string]*lane{}}
}

// Wake says that something may be due. It never blocks, and nothing depends on it.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends, then waits for what is under way, at most QueueOptions.Timeout, and writes it down.
func (q *Queue) Run(ctx context.Context) {
	var writing, expiring, sending sync.WaitGroup
	work := context.WithoutCancel(ctx)
	writing.Go(func() { q.record(work) })
	expiring.Go(func() { q.expire(ctx) })
	tick := time.NewTicker(q.opt.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		more, err := q.claim(ctx, work, &sending)
		if err != nil && ctx.Err() == nil {
			q.opt.Log.WarnContext(ctx, "deliveries not claimed, will be tried again", "kind", q.opt.Kind, "error", err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-tick.C:
		}
	}
	sending.Wait()
	expiring.Wait()
	close(q.results)
	writing.Wait()
}

// claim takes as many due deliveries as there are free places and sends them. It tells whether there may be more.
func (q *Queue) claim(ctx, work context.Context, sending *sync.WaitGroup) (more bool, err error) {
	const most = 128 // a claim costs by the receivers that are owed something, so few large ones are cheaper
	places := 0
	select {
	case q.workers <- struct{}{}:
		places = 1
	case <-ctx.Done():
		return false, nil
	}
	for ; places < most; places++ {
		select {
		case q.workers <- struct{}{}:
			continue
		default:
		}
		break
	}
	now := q.opt.Clock.Now()
	list, err := q.opt.Store.ClaimDeliveries(ctx, storage.DeliveryClaim{Kind: q.opt.Kind, Now: now, Until: now.Add(q.opt.Lease),
		Busy: q.busy(), PerReceiver: q.opt.PerReceiver, Limit: places})
	if err != nil {
		list = nil
	}
	q.begin(list)
	for _, d := range list {
		sending.Go(func() { q.attempt(work, d) })
	}
	for range places - len(list) {
		<-q.workers
	}
	return len(list) > 0, err
}

// busy are the receivers to leave alone: those with enough under way, and those that keep an attempt waiting.
func (q *Queue) busy() (receivers []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for r, l := range q.lanes {
		if l.sending > q.opt.PerReceiver || l.lingering > 0 {
			receivers = append(receivers, r)
		}
	}
	return receivers
}

// expire gives up what is due no more, in small batches.
func (q *Queue) expire(ctx context.Context) {
	tick := time.NewTicker(15 * q.opt.Poll)
	defer tick.Stop()
	for {
		n, err := q.opt.Store.ExpireDeliveries(ctx, q.opt.Clock.Now(), q.opt.Kind, Failed, 500)
		if err != nil && ctx.Err() == nil {
			q.opt.Log.WarnContext(ctx, "deliveries not given up, will be tried again", "kind", q.opt.Kind, "error", err)
		}
		if n > 0 {
			q.opt.Log.WarnContext(ctx, "deliveries failed for good", "kind", q.opt.Kind, "number", n)
		}
		if n == 500 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
