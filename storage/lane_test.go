package storage

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// slowLane answers with statements that take a while and notes what stood in each.
type slowLane struct {
	lane[*slowAsk]
	takes   func(batch []*slowAsk) time.Duration
	mu      sync.Mutex
	batches [][]string
}

type slowAsk struct {
	name string
	done chan struct{}
	at   time.Time
}

func newSlowLane(takes func([]*slowAsk) time.Duration) *slowLane {
	l := &slowLane{takes: takes}
	l.answer = func(batch []*slowAsk) {
		names := make([]string, len(batch))
		for i, a := range batch {
			names[i] = a.name
		}
		l.mu.Lock()
		l.batches = append(l.batches, names)
		l.mu.Unlock()
		time.Sleep(l.takes(batch))
		for _, a := range batch {
			a.at = time.Now()
			close(a.done)
		}
	}
	return l
}

func (l *slowLane) ask(name string) *slowAsk {
	a := &slowAsk{name: name, done: make(chan struct{})}
	l.join(a)
	return a
}

func (l *slowLane) idle(t *testing.T) {
	t.Helper()
	l.lane.mu.Lock()
	defer l.lane.mu.Unlock()
	if l.running != 0 || l.late != 0 || len(l.waiting) != 0 {
		t.Errorf("%d under way, %d late, %d waiting when all is done", l.running, l.late, len(l.waiting))
	}
}

func TestLaneGathersWhatComesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newSlowLane(func([]*slowAsk) time.Duration { return time.Millisecond })
		first := l.ask("a")
		synctest.Wait()
		rest := []*slowAsk{l.ask("b"), l.ask("c"), l.ask("d")}
		<-first.done
		for _, a := range rest {
			<-a.done
		}
		synctest.Wait()
		if want := [][]string{{"a"}, {"b", "c", "d"}}; !slices.EqualFunc(l.batches, want, slices.Equal) {
			t.Errorf("batches %v, want %v", l.batches, want)
		}
		l.idle(t)
	})
}

func TestLaneBatchIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newSlowLane(func([]*slowAsk) time.Duration { return time.Millisecond })
		asks := []*slowAsk{l.ask("first")}
		synctest.Wait()
		for range laneBatch + 1 {
			asks = append(asks, l.ask("x"))
		}
		for _, a := range asks {
			<-a.done
		}
		synctest.Wait()
		if len(l.batches) != 3 || len(l.batches[1]) != laneBatch || len(l.batches[2]) != 1 {
			t.Errorf("%d batches", len(l.batches))
		}
		l.idle(t)
	})
}

func TestLaneKeepsEqualKeysApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newSlowLane(func([]*slowAsk) time.Duration { return time.Millisecond })
		l.key = func(a *slowAsk) string { return a.name }
		asks := []*slowAsk{l.ask("a")}
		synctest.Wait()
		for _, name := range []string{"b", "c", "b", "b"} {
			asks = append(asks, l.ask(name))
		}
		for _, a := range asks {
			<-a.done
		}
		synctest.Wait()
		if want := [][]string{{"a"}, {"b", "c"}, {"b"}, {"b"}}; !slices.EqualFunc(l.batches, want, slices.Equal) {
			t.Errorf("batches %v, want %v", l.batches, want)
		}
		l.idle(t)
	})
}

// A statement that waits for a row's lock holds up those in it, and the others for no longer than laneLate.
func TestLaneIsNotHeldUpByAStatementThatIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		l := newSlowLane(func(batch []*slowAsk) time.Duration {
			if batch[0].name == "stuck" {
				return time.Second
			}
			return time.Millisecond
		})
		stuck := l.ask("stuck")
		synctest.Wait()
		behind := l.ask("behind")
		<-behind.done
		if waited := behind.at.Sub(begin); waited > laneLate+time.Millisecond {
			t.Errorf("waited %v behind a statement that is late", waited)
		}
		// While it is stuck, the others go on as if it were not there.
		begin = time.Now()
		for range 20 {
			<-l.ask("next").done
		}
		if took := time.Since(begin); took > 20*time.Millisecond {
			t.Errorf("20 statements beside a stuck one took %v", took)
		}
		for range laneWidth + 3 { // more stuck ones than may be under way
			l.ask("stuck")
			time.Sleep(2 * laneLate)
		}
		last := l.ask("last")
		<-last.done
		<-stuck.done
		time.Sleep(5 * time.Second)
		synctest.Wait()
		l.idle(t)
	})
}

func TestLaneAnswersEverybody(t *testing.T) {
	l := newSlowLane(func(batch []*slowAsk) time.Duration { return time.Duration(len(batch)%3) * 6 * time.Millisecond })
	l.key = func(a *slowAsk) string { return a.name }
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for range 40 {
				<-l.ask(string(rune('a' + i%20))).done
			}
		})
	}
	wg.Wait()
	for _, names := range l.batches {
		if slices.Sort(names); len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Fatalf("the same key twice in %v", names)
		}
	}
}
