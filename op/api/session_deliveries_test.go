package api_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

func TestSessionDeliveries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "told@example.com")
		s := w.session(t, userID)
		a := w.takePart(t, s, "openid")
		path := "/v1/sessions/" + s.ID + "/deliveries"
		if got := w.do(t, "GET", path, "").want(t, 200); len(got.body["data"].([]any)) != 0 {
			t.Errorf("before the end: %s", got.raw)
		}
		w.clock.Advance(time.Second)
		w.do(t, "POST", "/v1/sessions/"+s.ID+"/revoke", "").want(t, 200)
		ms := func(d time.Duration) float64 { return float64(start.Add(time.Second + d).UnixMilli()) }
		receipt := func() map[string]any {
			list, _ := w.do(t, "GET", path, "").want(t, 200).body["data"].([]any)
			if len(list) != 1 {
				t.Fatalf("%d receipts", len(list))
			}
			return list[0].(map[string]any)
		}
		got := receipt()
		want := map[string]any{"object": "delivery", "id": got["id"], "session_id": s.ID, "user_id": userID, "client_id": a.id,
			"channel": "backchannel", "status": "pending", "attempts": 0.0, "next_at": ms(0), "sent_at": nil, "answered_at": nil,
			"duration_ms": nil, "http_status": nil, "error": nil, "settled_at": nil, "token_dead_by": ms(time.Minute), "created_at": ms(0)}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}

		now := w.clock.Now()
		list, err := w.Store.ClaimDeliveries(t.Context(), storage.DeliveryClaim{Kind: logout.KindBackChannel, Now: now,
			Until: now.Add(time.Minute), PerReceiver: 1, Limit: 1})
		if err != nil || len(list) != 1 {
			t.Fatalf("%v, %v", list, err)
		}
		d := list[0]
		d.SentAt, d.AnsweredAt, d.SettledAt = storage.At(now), storage.At(now.Add(40*time.Millisecond)), storage.At(now.Add(40*time.Millisecond))
		d.Duration, d.LastStatus, d.Outcome = 40_000, 200, delivery.Delivered
		if err := w.Store.RecordDeliveries(t.Context(), []storage.DeliveryResult{{Delivery: d}}, now, nil); err != nil {
			t.Fatal(err)
		}
		// The receipt stays when its user goes.
		w.do(t, "DELETE", "/v1/users/"+userID, "").want(t, 200)
		for k, v := range map[string]any{"status": "delivered", "attempts": 1.0, "next_at": nil, "sent_at": ms(0), "answered_at": ms(40 * time.Millisecond),
			"settled_at": ms(40 * time.Millisecond), "duration_ms": 40.0, "http_status": 200.0} {
			want[k] = v
		}
		if d := cmp.Diff(want, receipt()); d != "" {
			t.Error(d)
		}

		// Who has no channel has a receipt as well, and so has who was told by a frame.
		silent, framed := w.session(t, w.person(t, "silent@example.com")), ""
		b := w.takePart(t, silent, "openid")
		c, err := w.Clients.Get(t.Context(), b.id)
		if err != nil {
			t.Fatal(err)
		}
		meta := c.Metadata
		meta.BackchannelLogoutURI, meta.FrontchannelLogoutURI = "", "https://rp.example.com/front"
		if _, err := w.Clients.Update(t.Context(), w.Store, c, meta); err != nil {
			t.Fatal(err)
		}
		path = "/v1/sessions/" + silent.ID + "/deliveries"
		w.do(t, "POST", "/v1/sessions/"+silent.ID+"/revoke", "").want(t, 200)
		if got := receipt(); got["channel"] != "none" || got["status"] != "not_told" || got["client_id"] != b.id || got["settled_at"] != nil ||
			got["sent_at"] != nil || got["token_dead_by"] != float64(w.clock.Now().Add(time.Minute).UnixMilli()) {
			t.Errorf("%v", got)
		} else {
			framed = got["id"].(string)
		}
		if frames, err := w.Door.FrontChannel(t.Context(), "https://id.example.com", silent); err != nil || len(frames) != 1 {
			t.Fatalf("%v, %v", frames, err)
		}
		if got := receipt(); got["channel"] != "frontchannel" || got["status"] != "shown" || got["id"] != framed || got["duration_ms"] != nil ||
			got["sent_at"] == nil || got["settled_at"] == nil {
			t.Errorf("%v", got)
		}

		// Who was told by several channels has a receipt for each.
		told := w.clock.Now().Add(300 * time.Millisecond)
		pushed := logout.PushReceipt(b.id, silent.UserID, silent.ID, w.clock.Now(), told)
		for range 2 {
			if err := w.Store.RecordSettled(t.Context(), []*storage.Delivery{pushed}); err != nil {
				t.Fatal(err)
			}
		}
		both, _ := w.do(t, "GET", path, "").want(t, 200).body["data"].([]any)
		byChannel := map[any]map[string]any{}
		for _, r := range both {
			byChannel[r.(map[string]any)["channel"]] = r.(map[string]any)
		}
		if got := byChannel["push"]; len(both) != 2 || byChannel["frontchannel"] == nil || got["status"] != "pushed" || got["client_id"] != b.id ||
			got["sent_at"] != float64(told.UnixMilli()) || got["settled_at"] != got["sent_at"] || got["answered_at"] != nil ||
			got["duration_ms"] != nil || got["token_dead_by"] != byChannel["frontchannel"]["token_dead_by"] {
			t.Errorf("%v", both)
		}

		w.do(t, "GET", "/v1/sessions/"+id.New(id.Session)+"/deliveries", "").want(t, 404)
		w.do(t, "GET", "/v1/sessions/x/deliveries", "").want(t, 404)
		w.send(t, w.tokenOf(t, w.newService(t, "users:read"), "users:read"), "GET", path, "").want(t, 403)
	})
}
