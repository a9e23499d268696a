package storage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// Five thousand sessions of twenty applications go through the door with some twenty statements for each 250, messages to a webhook
// included; one alone takes as many.
func TestStatementsOfASweep(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		ctx := t.Context()
		webhook.Record(s, webhook.Documents{User: func(p *user.Described) any { return p.ID },
			Session: func(v *storage.SessionView) any {
				return map[string]any{"id": v.ID, "status": v.Status, "clients": v.ClientIDs}
			}})
		w := newWorld(t, s)
		at := clock.NewFake(t0)
		clients := client.NewRegistry(s, at)
		door := logout.NewDoor(s, clients, at)
		for i := range 20 {
			_, _, err := clients.Register(ctx, s, fmt.Sprintf("app%d", i), client.Metadata{RedirectURIs: []string{"https://rp.example.com/cb"},
				BackchannelLogoutURI: "https://rp.example.com/backchannel"})
			must(t, err)
		}
		must(t, storage.Execute(ctx, s, `INSERT INTO webhook_endpoints (id, url, description, events, owner_email, include_private_metadata,
			signature, secret, public_key, disabled_reason, version, created_at, updated_at)
			VALUES ('whk_all', 'https://rp.example.com/hook', '', '[]', '', FALSE, 'hmac', 'x', '', '', 1, 0, 0)`))
		const n = 5000
		manySessions(t, s, w.user.ID, n)
		manyTakePart(t, s, w.user.ID, n)
		sent := storage.CountStatements(s)
		_, err := door.End(ctx, s, w.session, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "cli"})
		must(t, err)
		one := sent.Swap(0)
		t.Logf("one: %d statements", one)
		if one > 20 {
			t.Errorf("%d statements for one", one)
		}
		must(t, door.EndAll(ctx, s, logout.Cause{Status: storage.StatusRevoked, Reason: logout.AllEnded, By: "cli"}))
		sent.Store(0)
		began := time.Now()
		for left := n; left > 0; {
			met, err := door.Sweep(ctx, 2000)
			must(t, err)
			left -= met
		}
		t.Logf("%d: %d statements, %v", n, sent.Load(), time.Since(began))
		if sent.Load() > n/250*22+60 {
			t.Errorf("%d statements for %d", sent.Load(), n)
		}
		owed, messages := 0, map[string]bool{}
		for i := 1; i <= n; i += 999 {
			list, err := s.SessionDeliveries(ctx, fmt.Sprintf("ses_many%d", i))
			must(t, err)
			owed += len(list)
		}
		if owed != 12 {
			t.Errorf("%d messages owed for six sessions", owed)
		}
		all, err := hooks(ctx, s)
		must(t, err)
		for i, d := range all {
			messages[d.MessageID] = true
			if i > 0 && d.ID <= all[i-1].ID {
				t.Fatal("out of order")
			}
		}
		if len(all) != n+1 || len(messages) != n+1 {
			t.Errorf("%d messages to the webhook, %d different", len(all), len(messages))
		}
	})
}

// hooks are all deliveries to the webhook, the oldest first.
func hooks(ctx context.Context, s *storage.Store) (list []*storage.WebhookDelivery, err error) {
	for after := ""; ; {
		page, err := s.WebhookDeliveries(ctx, storage.WebhookDeliveryFilter{Kind: webhook.Kind, Receiver: "whk_all", After: after, Limit: 500})
		if err != nil || len(page) == 0 {
			return list, err
		}
		for _, d := range page {
			list, after = append([]*storage.WebhookDelivery{d}, list...), d.ID
		}
	}
}

// manyTakePart has two of twenty clients take part in each of the sessions of manySessions.
func manyTakePart(t *testing.T, s *storage.Store, userID string, n int) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO client_sessions (user_id, session_id, client_id, client_epoch, first_token_at) ` + numbers +
			`SELECT ?1, 'ses_many' || i, 'app' || (i % 10 * 2 + m), 0, ?2 FROM n, (SELECT 0 AS m UNION ALL SELECT 1) t`,
		`INSERT INTO token_families (user_id, id, session_id, client_id, client_epoch, scope, generation, rotated_at, created_at) ` + numbers +
			`SELECT ?1, 'fam_many' || i, 'ses_many' || i, 'app' || (i % 10 * 2), 0, 'openid', 1, ?2, ?2 FROM n`,
		`ANALYZE`,
	} {
		must(t, storage.Execute(t.Context(), s, statement, n, userID, storage.At(t0)))
	}
}
