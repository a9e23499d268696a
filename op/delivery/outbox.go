package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Errors of an Outbox.
var (
	ErrOutboxFull   = errors.New("outbox is full")
	ErrOutboxClosed = errors.New("outbox is closed")
)

// retries are the pauses between tries: about ten minutes in all, after which a code is of no use to anybody.
var retries = []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 3 * time.Minute,
	5 * time.Minute}

// OutboxOptions configure an Outbox.
type OutboxOptions struct {
	Mailer  Mailer
	Texter  Texter          // nil: SMS are refused and logged
	Log     *slog.Logger    // nil: slog.Default()
	Size    int             // messages under way or waiting, 0: 10000
	Workers int             // messages sent at once, 0: 4
	Retries []time.Duration // pauses between tries, nil: about ten minutes in all
}

// Outbox sends in the background.
type Outbox struct {
	opt    OutboxOptions
	ctx    context.Context // of the sending, ended by Close
	cancel context.CancelFunc
	jobs   chan *job // has room for Size, as many as there can be: a send never blocks

	mu      sync.Mutex
	pending int                  // in jobs, being sent, or waiting
	waiting map[*job]*time.Timer // for the next try
	closing bool
	empty   chan struct{} // closed once when closing and nothing is pending
}

type job struct {
	what Kind
	send func(context.Context) error
	try  int
}

// NewOutbox starts the workers. Close ends them.
func NewOutbox(opt OutboxOptions) *Outbox {
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	if opt.Size <= 0 {
		opt.Size = 10_000
	}
	if opt.Workers <= 0 {
		opt.Workers = 4
	}
	if opt.Retries == nil {
		opt.Retries = retries
	}
	o := &Outbox{opt: opt, jobs: make(chan *job, opt.Size), waiting: map[*job]*time.Timer{}, empty: make(chan struct{})}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	for range opt.Workers {
		go o.work()
	}
	return o
}

// Mail takes a mail to be sent and returns at once: ErrOutboxFull, ErrOutboxClosed or nil.
func (o *Outbox) Mail(m Mail) error {
	return o.enqueue(&job{what: m.Kind, send: func(ctx context.Context) error { return o.opt.Mailer.SendMail(ctx, m) }})
}

// Text takes an SMS to be sent and returns at once: ErrOutboxFull, ErrOutboxClosed or nil.
func (o *Outbox) Text(s SMS) error {
	return o.enqueue(&job{what: s.Kind, send: func(ctx context.Context) error {
		if o.opt.Texter == nil {
			return fmt.Errorf("%w: no sms gateway is configured", ErrRefused)
		}
		return o.opt.Texter.SendSMS(ctx, s)
	}})
}

func (o *Outbox) enqueue(j *job) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing {
		return ErrOutboxClosed
	}
	if o.pending >= o.opt.Size {
		o.opt.Log.Error("message dropped, outbox is full", "kind", j.what)
		return ErrOutboxFull
	}
	o.pending++
	o.jobs <- j
	return nil
}

func (o *Outbox) work() {
	for {
		select {
		case <-o.ctx.Done():
			return
		case j := <-o.jobs:
			o.attempt(j)
		}
	}
}

func (o *Outbox) attempt(j *job) {
	err := j.deliver(o.ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err == nil:
		o.settle()
	case errors.Is(err, ErrRefused) || j.try >= len(o.opt.Retries) || o.closing:
		o.opt.Log.Error("message not delivered", "kind", j.what, "tries", j.try+1, "error", err)
		o.settle()
	default:
		o.opt.Log.Warn("message not delivered yet", "kind", j.what, "tries", j.try+1, "error", err)
		pause := o.opt.Retries[j.try]
		j.try++
		o.waiting[j] = time.AfterFunc(pause, func() { o.again(j) })
	}
}

// deliver turns a panic of a sender into an error: one odd message must not take the worker with it.
func (j *job) deliver(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: sender panicked: %v", ErrRefused, p)
		}
	}()
	return j.send(ctx)
}

func (o *Outbox) again(j *job) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.waiting[j]; ok {
		delete(o.waiting, j)
		o.jobs <- j
	}
}

func (o *Outbox) settle() {
	o.pending--
	if o.closing && o.pending == 0 {
		close(o.empty)
	}
}

// Close takes no more messages and returns when all are settled; those that wait for another try get their last one
// now. It returns the context's error if that ends first, and then what is left is lost.
func (o *Outbox) Close(ctx context.Context) error {
	defer o.cancel()
	o.mu.Lock()
	if !o.closing {
		o.closing = true
		for j := range o.waiting {
			delete(o.waiting, j) // the timer finds nothing to do
			o.jobs <- j
		}
		if o.pending == 0 {
			close(o.empty)
		}
	}
	o.mu.Unlock()
	select {
	case <-o.empty:
		return nil
	case <-ctx.Done():
		o.mu.Lock()
		defer o.mu.Unlock()
		o.opt.Log.Error("outbox closed before it was empty", "messages", o.pending)
		return ctx.Err()
	}
}
