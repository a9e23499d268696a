package storage_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// With 100,000 deliveries pending, to be claimed by index in a moment, one after the other for each user.
func TestClaimsAmongManyPending(t *testing.T) {
	const pending, receivers, users = 100_000, 5, 20_000
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		ctx, now := t.Context(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		err := storage.Execute(ctx, store, `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?0 - 1)
			INSERT INTO deliveries (id, kind, receiver, order_key, user_id, session_id, attempts, next_at, created_at, expires_at, message_id)
			SELECT 'dlv_' || (1000000 + i), 'webhook', 'whk_' || (i % ?1), 'usr_' || (i * 7919 % ?2), '', '', 0, ?3, ?3, ?4, 'msg_' || i FROM n`,
			pending, receivers, users, storage.At(now), storage.At(now.Add(24*time.Hour)))
		if err != nil {
			t.Fatal(err)
		}
		if err := storage.Execute(ctx, store, "ANALYZE"); err != nil {
			t.Fatal(err)
		}
		claim := storage.DeliveryClaim{Kind: "webhook", Now: now, Until: now.Add(20 * time.Second), PerReceiver: 8, Limit: 128}
		plan, err := storage.ExplainClaim(ctx, store, claim)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(plan, "\n") {
			line = strings.TrimSpace(line)
			if strings.Contains(line, "Seq Scan on deliveries") || strings.HasPrefix(line, "SCAN ") && !strings.Contains(line, "INDEX") && strings.Contains(" deliveries d f m ", " "+strings.Fields(line)[1]+" ") {
				t.Errorf("not by an index: %s\n%s", line, plan)
			}
		}
		if !strings.Contains(plan, "deliveries_due") || !strings.Contains(plan, "deliveries_order") {
			t.Errorf("which index?\n%s", plan)
		}
		var slowest, all time.Duration
		const rounds = 20
		for range rounds {
			began := time.Now()
			list, err := store.ClaimDeliveries(ctx, claim)
			took := time.Since(began)
			if err != nil || len(list) != 8*receivers {
				t.Fatalf("claimed %d: %v", len(list), err)
			}
			slowest, all = max(slowest, took), all+took
			settle(ctx, t, store, list, now)
		}
		t.Logf("%d pending: a claim of %d takes %s, the slowest %s", pending, 8*receivers, all/rounds, slowest)
		if all/rounds > 250*time.Millisecond {
			t.Errorf("a claim takes %s", all/rounds)
		}
	})
}

func settle(ctx context.Context, t *testing.T, store *storage.Store, list []*storage.Delivery, now time.Time) {
	t.Helper()
	results := make([]storage.DeliveryResult, len(list))
	for i, d := range list {
		d.SettledAt, d.Outcome, d.ClaimedUntil, d.SentAt = storage.At(now), "delivered", storage.Time{}, storage.At(now)
		results[i] = storage.DeliveryResult{Delivery: d}
	}
	if err := store.RecordDeliveries(ctx, results, now, func(int64) time.Duration { return time.Second }); err != nil {
		t.Fatal(err)
	}
}
