package push

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

const (
	receiptsEvery = time.Second
	receiptsBatch = 500
	receiptsKept  = 20_000 // until they are written; what comes then leaves no receipt
)

// receipts are of what streams have told, until they are written. Losing some is harmless: they say that a client was told,
// and nothing asks them whether it has to be.
type receipts struct {
	mu   sync.Mutex
	list []*storage.Delivery
	full chan struct{} // there is a batch of them
}

// Told notes that a client that took part in a session has been told, just now, that it ended. It is written within about
// a second, and not waited for.
func (h *Hub) Told(clientID, userID, sessionID string, ended time.Time) {
	r := &h.receipts
	d := logout.PushReceipt(clientID, userID, sessionID, ended, h.Clock.Now())
	r.mu.Lock()
	if len(r.list) < receiptsKept {
		r.list = append(r.list, d)
	}
	full := len(r.list) >= receiptsBatch
	r.mu.Unlock()
	if full {
		select {
		case r.full <- struct{}{}:
		default:
		}
	}
}

// writeReceipts writes what Told noted until ctx ends, and then once more.
func (h *Hub) writeReceipts(ctx context.Context) {
	tick := time.NewTicker(receiptsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			h.WriteReceipts(context.WithoutCancel(ctx))
			return
		case <-tick.C:
		case <-h.receipts.full:
		}
		h.WriteReceipts(ctx)
	}
}

// WriteReceipts writes what Told has noted so far. What cannot be written is lost.
func (h *Hub) WriteReceipts(ctx context.Context) {
	r := &h.receipts
	r.mu.Lock()
	list := r.list
	r.list = nil
	r.mu.Unlock()
	// Every writer in one order: of two with the same receipts one waits for the other, and never both.
	slices.SortFunc(list, func(a, b *storage.Delivery) int { return cmp.Compare(a.ID, b.ID) })
	list = slices.CompactFunc(list, func(a, b *storage.Delivery) bool { return a.ID == b.ID })
	for batch := range slices.Chunk(list, receiptsBatch) {
		ctx, cancel := context.WithTimeout(ctx, readWithin)
		err := h.Store.RecordSettled(ctx, batch)
		cancel()
		if err != nil {
			h.Log.WarnContext(ctx, "receipts of the live push are lost", "number", len(list), "error", err)
			return
		}
	}
}
