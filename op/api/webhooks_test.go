package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
)

// hook adds an endpoint and returns its id.
func (w *world) hook(t *testing.T, body string) answer {
	t.Helper()
	return w.do(t, "POST", "/v1/webhooks", body).want(t, http.StatusCreated)
}

func TestWebhookLifeCycle(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made := w.hook(t, `{"url":"https://app.example.com/hooks","owner_email":"owner@example.com"}`)
		path := "/v1/webhooks/" + made.text("id")
		if s := made.text("secret"); !strings.HasPrefix(s, "whsec_") || made.text("status") != "enabled" || made.text("signature") != "hmac" ||
			made.body["public_key"] != nil || made.header.Get("ETag") != `"1"` {
			t.Errorf("%s", made.raw)
		}
		// The secret leaves once.
		for _, raw := range []string{w.do(t, "GET", path, "").want(t, 200).raw, w.do(t, "GET", "/v1/webhooks", "").want(t, 200).raw,
			w.do(t, "PATCH", path, `{"description":"Orders"}`).want(t, 200).raw} {
			if strings.Contains(raw, "whsec_") {
				t.Errorf("%s", raw)
			}
		}
		w.do(t, "PATCH", path, `{"description":"Late"}`, "If-Match", `"1"`).want(t, http.StatusPreconditionFailed)
		got := w.do(t, "PATCH", path, `{"events":["user.created"],"owner_email":null,"include_private_metadata":true}`, "If-Match", `"2"`).want(t, 200)
		if d := cmp.Diff([]any{"user.created"}, got.body["events"]); d != "" || got.text("owner_email") != "" || got.header.Get("ETag") != `"3"` {
			t.Errorf("%s %s", d, got.raw)
		}
		if same := w.do(t, "PATCH", path, `{"events":["user.created"]}`).want(t, 200); same.header.Get("ETag") != `"3"` {
			t.Errorf("nothing changed, and the ETag is %s", same.header.Get("ETag"))
		}
		rotated := w.do(t, "POST", path+"/rotate_secret", "").want(t, 200)
		if s := rotated.text("secret"); !strings.HasPrefix(s, "whsec_") || s == made.text("secret") ||
			rotated.body["previous_secret_until"] != float64(w.clock.Now().Add(24*time.Hour).UnixMilli()) {
			t.Errorf("%s", rotated.raw)
		}
		if r := w.do(t, "POST", path+"/rotate_secret", `{"overlap_seconds":0}`).want(t, 200); r.body["previous_secret_until"] != nil {
			t.Errorf("%s", r.raw)
		}
		w.do(t, "POST", path+"/rotate_secret", `{"overlap_seconds":604801}`).wantFault(t, 422, "body", "overlap_seconds")
		if del := w.do(t, "DELETE", path, "").want(t, 200); del.body["deleted"] != true {
			t.Errorf("%s", del.raw)
		}
		w.do(t, "GET", path, "").want(t, 404)
		w.do(t, "DELETE", path, "").want(t, 404)
		w.do(t, "GET", path+"/deliveries", "").want(t, 404)

		pair := w.hook(t, `{"url":"https://app.example.com/hooks","signature":"ed25519"}`)
		if !strings.HasPrefix(pair.text("public_key"), "whpk_") || strings.Contains(pair.raw, "whsk_") || strings.Contains(pair.raw, `"secret"`) {
			t.Errorf("%s", pair.raw)
		}
		events, err := w.Store.UnsealedEvents(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, e := range events {
			if strings.HasPrefix(e.Kind, "webhook.") {
				kinds = append(kinds, e.Kind)
				if e.Actor != w.service || strings.Contains(e.Data, "whs") {
					t.Errorf("%+v", e)
				}
			}
		}
		if d := cmp.Diff([]string{"webhook.created", "webhook.updated", "webhook.updated", "webhook.secret_rotated", "webhook.secret_rotated",
			"webhook.deleted", "webhook.created"}, kinds); d != "" {
			t.Error(d)
		}
	})
}

func TestWebhookFieldsAreChecked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for body, field := range map[string]string{
			`{}`: "url", `{"url":"http://app.example.com/"}`: "url", `{"url":"https://10.1.2.3/"}`: "url", `{"url":"https://[fd00::1]/"}`: "url",
			`{"url":"https://localhost:443/","events":["user.exploded"]}`:                 "events[0]",
			`{"url":"https://app.example.com/","events":["user.created","webhook.test"]}`: "events[1]",
			`{"url":"https://app.example.com/","owner_email":"Ada <ada@example.com>"}`:    "owner_email",
			`{"url":"https://app.example.com/","description":"a\u0007b"}`:                 "description",
			`{"url":"https://app.example.com/","signature":"md5"}`:                        "signature",
			`{"url":"https://app.example.com/","secret":"whsec_"}`:                        "secret",
		} {
			w.do(t, "POST", "/v1/webhooks", body).wantFault(t, 422, "body", field)
		}
		path := "/v1/webhooks/" + w.hook(t, `{"url":"https://app.example.com/"}`).text("id")
		w.do(t, "PATCH", path, `{"url":null}`).wantFault(t, 422, "body", "url")
		w.do(t, "PATCH", path, `{"signature":"ed25519"}`).wantFault(t, 422, "body", "signature")
		for i := 1; i < 50; i++ {
			w.hook(t, `{"url":"https://app.example.com/"}`)
		}
		if got := w.do(t, "POST", "/v1/webhooks", `{"url":"https://app.example.com/"}`).want(t, 409); got.text("code") != "too_many_webhooks" {
			t.Errorf("%s", got.raw)
		}
		page := w.do(t, "GET", "/v1/webhooks?limit=20", "").want(t, 200)
		page = w.do(t, "GET", "/v1/webhooks?limit=40&starting_after="+page.text("next_cursor"), "").want(t, 200)
		if list := page.body["data"].([]any); len(list) != 30 || page.body["has_more"] != false {
			t.Errorf("%d on the last page", len(list))
		}
	})
}

func TestWebhookDeliveries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.hook(t, `{"url":"https://app.example.com/","events":["user.created"]}`).text("id")
		path := "/v1/webhooks/" + id
		userID := w.do(t, "POST", "/v1/users", `{"email":"ada@example.com","first_name":"Ada","private_metadata":{"ledger":1}}`).want(t, 201).text("id")
		test := w.do(t, "POST", path+"/test", "").want(t, http.StatusAccepted)
		if test.text("event") != "webhook.test" || test.text("status") != "pending" {
			t.Errorf("%s", test.raw)
		}
		log := func(query string) (list []map[string]any) {
			t.Helper()
			for _, d := range w.do(t, "GET", path+"/deliveries"+query, "").want(t, 200).body["data"].([]any) {
				list = append(list, d.(map[string]any))
			}
			return list
		}
		list := log("")
		if len(list) != 2 || list[0]["id"] != test.text("id") || list[1]["event"] != "user.created" {
			t.Fatalf("%v", list)
		}
		// What the user looked like when all of them was there.
		m, err := w.Store.WebhookMessage(t.Context(), list[1]["message_id"].(string))
		if err != nil || !strings.Contains(m.Payload, `"first_name":"Ada"`) || strings.Contains(m.Payload, "ledger") || !strings.Contains(m.PrivateMetadata, "ledger") {
			t.Errorf("%+v %v", m, err)
		}
		again := path + "/deliveries/" + list[1]["id"].(string) + "/resend"
		if got := w.do(t, "POST", again, "").want(t, 409); got.text("code") != "delivery_pending" {
			t.Errorf("%s", got.raw)
		}
		claimed, err := w.Store.ClaimDeliveries(t.Context(), storage.DeliveryClaim{Kind: "webhook", Now: w.clock.Now(),
			Until: w.clock.Now().Add(time.Minute), PerReceiver: 8, Limit: 8})
		if err != nil || len(claimed) != 2 {
			t.Fatalf("%v %v", claimed, err)
		}
		var results []storage.DeliveryResult
		for _, d := range claimed {
			d.SettledAt, d.SentAt, d.AnsweredAt, d.Outcome, d.LastStatus = storage.At(w.clock.Now()), storage.At(w.clock.Now()), storage.At(w.clock.Now()), delivery.Failed, 500
			d.LastError, d.Duration, d.ClaimedUntil = "receiver_fault", 12_000, storage.Time{}
			results = append(results, storage.DeliveryResult{Delivery: d})
		}
		if err := w.Store.RecordDeliveries(t.Context(), results, w.clock.Now(), nil); err != nil {
			t.Fatal(err)
		}
		if d := log("?status=failed"); len(d) != 2 || d[0]["http_status"] != 500.0 || d[0]["error"] != "receiver_fault" || d[0]["duration_ms"] != 12.0 || d[0]["attempts"] != 1.0 {
			t.Errorf("%v", d)
		}
		got := w.do(t, "POST", again, "").want(t, http.StatusAccepted)
		if got.text("message_id") != list[1]["message_id"] || got.text("id") == list[1]["id"] {
			t.Errorf("%s", got.raw)
		}
		if d := log("?status=pending"); len(d) != 1 || d[0]["id"] != got.text("id") {
			t.Errorf("%v", d)
		}
		other := w.hook(t, `{"url":"https://other.example.com/"}`).text("id")
		w.do(t, "POST", "/v1/webhooks/"+other+"/deliveries/"+list[1]["id"].(string)+"/resend", "").want(t, 404)
		w.do(t, "POST", path+"/deliveries/unknown/resend", "").want(t, 404)
		w.do(t, "DELETE", "/v1/users/"+userID, "").want(t, 200)
		if types := w.do(t, "GET", "/v1/webhooks/"+other+"/deliveries", "").want(t, 200).raw; !strings.Contains(types, "user.deleted") {
			t.Errorf("%s", types)
		}
	})
}
