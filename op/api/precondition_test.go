package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/api"
)

// Whatever has an ETag can be changed only if it is still the same, by every operation that changes it. The table is the
// description: a new operation on such a path has to take If-Match.
func TestWhatHasAnETagTakesIfMatch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var doc struct {
			Paths map[string]map[string]struct {
				Parameters []struct{ Name, In string }
				Responses  map[string]struct{ Headers map[string]any }
			}
		}
		if err := json.Unmarshal([]byte(w.send(t, "", "GET", "/v1/openapi.json", "").want(t, 200).raw), &doc); err != nil {
			t.Fatal(err)
		}
		n := 0
		for path, methods := range doc.Paths {
			for method, o := range methods {
				taken, once := false, false
				for _, p := range o.Parameters {
					taken, once = taken || p.Name == "If-Match", once || p.Name == "Idempotency-Key"
				}
				if method == "post" && !once && !strings.HasSuffix(path, "/lines") {
					t.Errorf("POST %s takes no Idempotency-Key", path)
				}
				base := path
				for { // the resource that the operation is on
					if _, tagged := doc.Paths[base]["get"].Responses["200"].Headers["ETag"]; tagged {
						break
					}
					up := strings.LastIndexByte(base, '/')
					if base = base[:max(up, 0)]; base == "" {
						break
					}
				}
				_, changes := o.Responses["200"].Headers["ETag"]
				if changes = changes || method == "delete"; method == "get" || base == "" || !changes {
					continue
				}
				if n++; !taken {
					t.Errorf("%s %s takes no If-Match", method, path)
				}
			}
		}
		if n < 15 {
			t.Errorf("only %d operations change what has an ETag", n)
		}
	})
}

func TestPreconditions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "ann@example.com")
		appID := w.do(t, "POST", "/v1/oauth_applications", `{"redirect_uris":["https://app.example.com/cb"]}`).want(t, 201).text("id")
		hookID := w.do(t, "POST", "/v1/webhooks", `{"url":"https://hooks.example.com/"}`).want(t, 201).text("id")
		w.do(t, "PUT", "/v1/claim_templates/named/a", `{"claims":{"b":1}}`).want(t, 200)
		for _, c := range []struct{ method, path, body string }{
			{"PATCH", "/v1/users/" + userID, `{"name":"Ann"}`}, {"PATCH", "/v1/users/" + userID + "/metadata", `{"public_metadata":{"a":1}}`},
			{"PUT", "/v1/users/" + userID + "/metadata", `{"public_metadata":{"a":2}}`}, {"POST", "/v1/users/" + userID + "/disable", ""},
			{"POST", "/v1/users/" + userID + "/enable", ""}, {"DELETE", "/v1/users/" + userID, ""},
			{"PATCH", "/v1/oauth_applications/" + appID, `{"client_name":"Shop"}`}, {"POST", "/v1/oauth_applications/" + appID + "/rotate_secret", ""},
			{"DELETE", "/v1/oauth_applications/" + appID, ""}, {"PATCH", "/v1/webhooks/" + hookID, `{"description":"x"}`},
			{"POST", "/v1/webhooks/" + hookID + "/rotate_secret", ""}, {"POST", "/v1/webhooks/" + hookID + "/enable", ""}, {"DELETE", "/v1/webhooks/" + hookID, ""},
			{"PUT", "/v1/claim_templates/named/a", `{"claims":{"b":2}}`}, {"DELETE", "/v1/claim_templates/named/a", ""},
			{"PUT", "/v1/policies/impersonation", `{"rules":[]}`},
		} {
			parts := strings.Split(c.path, "/")
			get := strings.Join(parts[:4], "/")
			if parts[2] == "claim_templates" {
				get = c.path
			}
			tag := w.do(t, "GET", get, "").want(t, 200).header.Get("ETag")
			for _, old := range []string{`"0"`, "W/" + tag, strings.Trim(tag, `"`), `"9999"`} {
				w.do(t, c.method, c.path, c.body, "If-Match", old).wantFault(t, 412, "header", "If-Match")
			}
			if got := w.do(t, "GET", get, "").want(t, 200).header.Get("ETag"); got != tag {
				t.Errorf("%s %s: a refused change made %s of %s", c.method, c.path, got, tag)
			}
			w.do(t, c.method, c.path, c.body, "If-Match", `"9999", `+tag).want(t, 200)
		}
		w.do(t, "PUT", "/v1/claim_templates/named/new", `{"claims":{}}`, "If-Match", "*").want(t, 412) // there is none yet
		w.do(t, "PUT", "/v1/claim_templates/named/new", `{"claims":{}}`).want(t, 200)
		w.do(t, "PUT", "/v1/claim_templates/named/new", `{"claims":{}}`, "If-Match", "*").want(t, 200)
	})
}

// One's own metadata too, which two tabs may change at a time.
func TestOwnMetadataIsConditional(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.takePart(t, w.session(t, w.person(t, "own@example.com")), "openid profile "+api.ScopeOwnMetadata)
		tag := w.send(t, a.access, "GET", "/v1/me/metadata", "").want(t, 200).header.Get("ETag")
		changed := w.send(t, a.access, "PATCH", "/v1/me/metadata", `{"unsafe_metadata":{"a":1}}`, "If-Match", tag).want(t, 200)
		if changed.header.Get("ETag") == tag {
			t.Error("the tag stayed")
		}
		w.send(t, a.access, "PATCH", "/v1/me/metadata", `{"unsafe_metadata":{"a":2}}`, "If-Match", tag).wantFault(t, 412, "header", "If-Match")
	})
}
