package storage

import (
	"runtime"
	"sync"
	"time"
)

const (
	laneWidth   = 4 // statements under way at once
	laneLate    = 10 * time.Millisecond
	laneBatch   = 128
	laneTimeout = 10 * time.Second
)

// lane gathers what many ask at once into one statement: one is under way, and what comes meanwhile waits for the next. A
// row in a batch of 32 costs a tenth of one on its own, and with no load an ask goes out at once. Another statement sets
// out beside the first only when that is late, because one that waits for a row's lock must not hold up everybody.
type lane[A any] struct {
	answer func(batch []A)
	// key names what an ask changes. A batch has no two asks with the same key, because one statement moves a row at most
	// once. Nil where nothing is changed.
	key func(A) string

	mu      sync.Mutex
	waiting []A
	running int // statements under way, or about to be
	late    int // those of them that are late
	inBatch map[string]bool
}

func (l *lane[A]) join(a A) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, a)
	l.send()
}

// send lets a statement set out if anybody waits and all those under way are late.
func (l *lane[A]) send() {
	if len(l.waiting) > 0 && l.running == l.late && l.running < laneWidth {
		l.running++
		go l.run()
	}
}

// run answers batch after batch until nobody waits or somebody else is on the way.
func (l *lane[A]) run() {
	for {
		runtime.Gosched() // whoever can run may join first; with no load that is nobody
		batch, over := l.next()
		if batch == nil {
			return
		}
		l.answer(batch)
		over()
	}
}

// next returns a batch and what must be called when it has been answered.
func (l *lane[A]) next() (batch []A, over func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 || l.running-l.late > 1 {
		l.running--
		return nil, nil
	}
	return l.take(), l.watch()
}

// watch counts a statement as late, and lets another set out, when it has been under way for laneLate.
func (l *lane[A]) watch() (over func()) {
	late, ended := false, false
	alarm := time.AfterFunc(laneLate, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !ended {
			late = true
			l.late++
			l.send()
		}
	})
	return func() {
		alarm.Stop()
		l.mu.Lock()
		defer l.mu.Unlock()
		ended = true
		if late {
			l.late--
		}
	}
}

// take removes the next asks from the queue.
func (l *lane[A]) take() (batch []A) {
	if l.key == nil || len(l.waiting) == 1 {
		n := min(len(l.waiting), laneBatch)
		batch, l.waiting = l.waiting[:n:n], l.waiting[n:]
		if len(l.waiting) == 0 {
			l.waiting = nil // whoever joins must not write behind the batch
		}
		return batch
	}
	if l.inBatch == nil {
		l.inBatch = map[string]bool{}
	}
	clear(l.inBatch)
	var rest []A
	for _, a := range l.waiting {
		if key := l.key(a); len(batch) == laneBatch || l.inBatch[key] {
			rest = append(rest, a)
		} else {
			l.inBatch[key] = true
			batch = append(batch, a)
		}
	}
	l.waiting = rest
	return batch
}
