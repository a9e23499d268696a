package delivery

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/curfew-id/curfew/storage"
)

// record writes results until there are none to come. Those that arrive while a batch is being written make the next one, so
// that a thousand answers at once are a handful of commits.
func (q *Queue) record(ctx context.Context) {
	for r := range q.results {
		batch := []storage.DeliveryResult{r}
		for len(batch) < cap(q.results) {
			select {
			case r, open := <-q.results:
				if open {
					batch = append(batch, r)
					continue
				}
			default:
			}
			break
		}
		q.write(ctx, batch)
	}
}

// write tries until the leases would run out anyway. What is not written is sent again: a relying party may be told
// twice, never not at all.
func (q *Queue) write(ctx context.Context, batch []storage.DeliveryResult) {
	for try := range 5 {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := q.opt.Store.RecordDeliveries(ctx, batch, q.opt.Clock.Now(), pauseOfReceiver)
		cancel()
		if err == nil {
			return
		}
		q.opt.Log.Warn("receipts not written yet", "kind", q.opt.Kind, "number", len(batch), "try", try+1, "error", err)
		time.Sleep(min(time.Second, 100*time.Millisecond<<try))
	}
}

// retryAfter is the pause before a delivery is tried again unless its receiver asks for a longer one: 1 s, doubled with each attempt, at most 15 minutes, and up to a
// quarter more so that what failed together does not come back together.
func retryAfter(attempts int64) time.Duration {
	return jittered(min(15*time.Minute, time.Second<<min(attempts-1, 20)))
}

// pauseOfReceiver is how long a receiver that cannot be reached is left alone: 250 ms, doubled with each round, at most
// 5 minutes. One delivery then goes first, as a trial.
func pauseOfReceiver(failures int64) time.Duration {
	return jittered(min(5*time.Minute, 250*time.Millisecond<<min(failures-1, 20)))
}

func jittered(d time.Duration) time.Duration { return d + rand.N(d/4) }
