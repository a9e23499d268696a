package delivery

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"
)

// flaky fails the first tries of every message.
type flaky struct {
	fails int
	err   error
	gate  chan struct{} // if not nil, each try waits for it

	mu    sync.Mutex
	tries map[string]int
	sent  []string
}

func (f *flaky) SendMail(ctx context.Context, m Mail) error {
	if f.gate != nil {
		select {
		case <-f.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tries == nil {
		f.tries = map[string]int{}
	}
	f.tries[m.To]++
	if f.tries[m.To] <= f.fails {
		return f.err
	}
	f.sent = append(f.sent, m.To)
	return nil
}

func (f *flaky) counts(to string) (tries, sent int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tries[to], len(f.sent)
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestOutboxRetriesUntilSent(t *testing.T) {
	f := &flaky{fails: 2, err: errors.New("try later")}
	o := NewOutbox(OutboxOptions{Mailer: f, Log: quiet, Retries: []time.Duration{time.Millisecond, time.Millisecond}})
	for _, to := range []string{"a", "b", "c"} {
		if err := o.Mail(Mail{To: to}); err != nil {
			t.Fatal(err)
		}
	}
	for ctx := soon(t); ctx.Err() == nil; {
		if _, sent := f.counts("a"); sent == 3 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := o.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	if tries, sent := f.counts("a"); tries != 3 || sent != 3 {
		t.Errorf("%d tries of a, %d sent", tries, sent)
	}
}

func TestOutboxGivesUpOnRefusal(t *testing.T) {
	f := &flaky{fails: 9, err: ErrRefused}
	o := NewOutbox(OutboxOptions{Mailer: f, Log: quiet, Retries: []time.Duration{time.Millisecond}})
	_ = o.Mail(Mail{To: "a"})
	if err := o.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	if tries, _ := f.counts("a"); tries != 1 {
		t.Errorf("%d tries, want 1", tries)
	}
}

func TestOutboxGivesUpInTheEnd(t *testing.T) {
	f := &flaky{fails: 99, err: errors.New("down")}
	o := NewOutbox(OutboxOptions{Mailer: f, Log: quiet, Retries: []time.Duration{1, 1, 1}})
	_ = o.Mail(Mail{To: "a"})
	for ctx := soon(t); ctx.Err() == nil; {
		if tries, _ := f.counts("a"); tries == 4 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := o.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	if tries, _ := f.counts("a"); tries != 4 {
		t.Errorf("%d tries, want 4", tries)
	}
}

func TestOutboxEnqueueNeverWaits(t *testing.T) {
	f := &flaky{gate: make(chan struct{})}
	o := NewOutbox(OutboxOptions{Mailer: f, Log: quiet, Size: 3, Workers: 1})
	for range 3 {
		if err := o.Mail(Mail{To: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Mail(Mail{To: "b"}); !errors.Is(err, ErrOutboxFull) {
		t.Errorf("error %v, want ErrOutboxFull", err)
	}
	close(f.gate)
	if err := o.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	if _, sent := f.counts("a"); sent != 3 {
		t.Errorf("%d sent, want 3", sent)
	}
}

func TestOutboxCloseTriesTheWaitingOnceMore(t *testing.T) {
	f := &flaky{fails: 1, err: errors.New("try later")}
	o := NewOutbox(OutboxOptions{Mailer: f, Log: quiet, Retries: []time.Duration{time.Hour}})
	_ = o.Mail(Mail{To: "a"})
	for ctx := soon(t); ctx.Err() == nil; time.Sleep(time.Millisecond) {
		o.mu.Lock()
		aside := len(o.waiting)
		o.mu.Unlock()
		if aside == 1 {
			break
		}
	}
	if err := o.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	if tries, sent := f.counts("a"); tries != 2 || sent != 1 {
		t.Errorf("%d tries, %d sent, want 2 and 1", tries, sent)
	}
	if err := o.Mail(Mail{To: "b"}); !errors.Is(err, ErrOutboxClosed) {
		t.Errorf("error %v, want ErrOutboxClosed", err)
	}
	if err := o.Close(soon(t)); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestOutboxCloseDoesNotWaitForever(t *testing.T) {
	f := &flaky{gate: make(chan struct{})}
	o := NewOutbox(OutboxOptions{Mailer: f, Log: quiet})
	_ = o.Mail(Mail{To: "a"})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := o.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the context's", err)
	}
}

type panicking struct{}

func (panicking) SendMail(context.Context, Mail) error { panic("odd message") }

func TestOutboxSurvivesAPanicAndAMissingGateway(t *testing.T) {
	o := NewOutbox(OutboxOptions{Mailer: panicking{}, Log: quiet, Workers: 1})
	_ = o.Mail(Mail{To: "a"})
	_ = o.Text(SMS{To: "+15550100"})
	if err := o.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
}
