package api_test

import (
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/storage"
)

// called are the names of a list's things, by the member that has them.
func (a answer) called(t *testing.T, member string) (names []string) {
	t.Helper()
	a.want(t, 200)
	for _, o := range a.body["data"].([]any) {
		names = append(names, o.(map[string]any)[member].(string))
	}
	return names
}

func TestFiltersOfAPIKeys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		soon := strconv.FormatInt(start.Add(time.Minute).UnixMilli(), 10)
		for name, more := range map[string]string{"good": "", "over": `,"expires_at":` + soon, "both": `,"expires_at":` + soon, "ended": ""} {
			made := w.do(t, "POST", "/v1/api_keys", `{"name":"`+name+`","scopes":["users:read"]`+more+`}`).want(t, 201)
			if name == "both" || name == "ended" {
				w.do(t, "POST", "/v1/api_keys/"+made.text("id")+"/revoke", "").want(t, 200)
			}
		}
		w.clock.Advance(time.Minute)
		for query, want := range map[string][]string{"": {"both", "ended", "good", "over"}, "revoked=true": {"both", "ended"}, "revoked=false": {"good", "over"},
			"expired=true": {"both", "over"}, "expired=false": {"ended", "good"}, "revoked=false&expired=false": {"good"}, "revoked=true&expired=true": {"both"}} {
			names := w.do(t, "GET", "/v1/api_keys?"+query, "").called(t, "name")
			if slices.Sort(names); !slices.Equal(names, want) {
				t.Errorf("%s: %v", query, names)
			}
		}
		for _, field := range []string{"revoked", "expired"} {
			w.do(t, "GET", "/v1/api_keys?"+field+"=perhaps", "").wantFault(t, 422, "query", field)
		}
	})
}

func TestFilterOfWebhooks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var ids []string
		for range 4 {
			ids = append(ids, w.do(t, "POST", "/v1/webhooks", `{"url":"https://hooks.example.com/"}`).want(t, 201).text("id"))
		}
		for _, webhookID := range ids[1:3] {
			row, err := w.Store.WebhookEndpoint(t.Context(), webhookID)
			if err != nil {
				t.Fatal(err)
			}
			row.DisabledAt, row.DisabledReason = storage.At(start), "gone"
			if err := w.Store.UpdateWebhookEndpoint(t.Context(), row); err != nil {
				t.Fatal(err)
			}
		}
		for query, want := range map[string][]string{"": ids, "?status=disabled": ids[1:3], "?status=enabled": {ids[0], ids[3]}} {
			if d := cmp.Diff(want, w.do(t, "GET", "/v1/webhooks"+query, "").called(t, "id")); d != "" {
				t.Errorf("%s: %s", query, d)
			}
		}
		page := w.do(t, "GET", "/v1/webhooks?status=disabled&limit=1", "").want(t, 200)
		next, _ := page.body["next_cursor"].(string)
		if got := w.do(t, "GET", "/v1/webhooks?status=disabled&limit=1&starting_after="+next, ""); got.called(t, "id")[0] != ids[2] || got.body["has_more"] != false {
			t.Error(got.raw)
		}
		w.do(t, "GET", "/v1/webhooks?status=odd", "").wantFault(t, 422, "query", "status")
	})
}

func TestFilterOfApplications(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, name := range []string{"Example Notes", "Notizen für Ärzte", "Shop", "a <b>&"} {
			w.do(t, "POST", "/v1/oauth_applications", `{"client_name":"`+name+`","redirect_uris":["https://app.example.com/cb"]}`).want(t, 201)
		}
		for query, want := range map[string][]string{"NOT": {"Example Notes", "Notizen für Ärzte"}, "ärzte": {"Notizen für Ärzte"}, "shop": {"Shop"},
			"<B>": {"a <b>&"}, "%": nil, "_": nil, "client_name": nil, "example.com": nil} {
			names := w.do(t, "GET", "/v1/oauth_applications?query="+url.QueryEscape(query), "").called(t, "client_name")
			if slices.Sort(names); !slices.Equal(names, want) {
				t.Errorf("%q: %v", query, names)
			}
		}
		if got := w.do(t, "GET", "/v1/oauth_applications?query="+w.service[:len(w.service)-1], "").called(t, "id"); !slices.Equal(got, []string{w.service}) {
			t.Errorf("by id: %v", got)
		}
		page := w.do(t, "GET", "/v1/oauth_applications?query=not&limit=1", "").want(t, 200)
		next, _ := page.body["next_cursor"].(string)
		second := w.do(t, "GET", "/v1/oauth_applications?query=not&limit=1&starting_after="+next, "")
		if names := second.called(t, "client_name"); len(names) != 1 || names[0] == page.called(t, "client_name")[0] || second.body["has_more"] != false {
			t.Error(second.raw)
		}
		for _, bad := range []string{"%00", "%ff"} {
			w.do(t, "GET", "/v1/oauth_applications?query="+bad, "").wantFault(t, 422, "query", "query")
		}
	})
}
