package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/storage"
)

func TestExternalIDOfAUser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made := w.do(t, "POST", "/v1/users", `{"email":"ann@example.com","external_id":" CRM/1 ä"}`).want(t, 201)
		ann, other := made.text("id"), w.person(t, "other@example.com")
		if made.text("external_id") != " CRM/1 ä" { // somebody else's name for the user: kept as it is
			t.Errorf("made %s", made.raw)
		}
		for _, method := range []string{"POST", "PATCH"} {
			path, more := "/v1/users", `"email":"x@example.com",`
			if method == "PATCH" {
				path, more = "/v1/users/"+other, ""
			}
			taken := w.do(t, method, path, `{`+more+`"external_id":" CRM/1 ä"}`).wantFault(t, 409, "body", "external_id")
			wantCode(t, taken, "taken")
			for _, wrong := range []string{`""`, `"` + strings.Repeat("ä", 256) + `"`, `"a\nb"`, `"\u0000"`, `"\u007f"`, `7`} {
				w.do(t, method, path, `{`+more+`"external_id":`+wrong+`}`).wantFault(t, 422, "body", "external_id")
			}
		}
		if _, _, err := w.Store.UserByIdentifier(t.Context(), storage.IdentifierEmail, "x@example.com"); err == nil {
			t.Error("who was refused is there")
		}
		if got := w.do(t, "GET", "/v1/users/"+other, "").want(t, 200); got.body["external_id"] != nil {
			t.Errorf("after the refusals: %s", got.raw)
		}

		longest := strings.Repeat("ä", 255)
		if got := w.do(t, "PATCH", "/v1/users/"+other, `{"external_id":"`+longest+`"}`).want(t, 200); got.text("external_id") != longest {
			t.Errorf("the longest: %s", got.raw)
		}
		w.do(t, "PATCH", "/v1/users/"+other, `{"external_id":"crm/1 ä"}`).want(t, 200) // another: byte by byte
		// Whatever is patched beside it leaves it; null takes it, and it is free then.
		if got := w.do(t, "PATCH", "/v1/users/"+ann, `{"name":"Ann"}`).want(t, 200); got.text("external_id") != " CRM/1 ä" {
			t.Errorf("beside it: %s", got.raw)
		}
		for range 2 {
			if got := w.do(t, "PATCH", "/v1/users/"+ann, `{"external_id":null}`).want(t, 200); got.body["external_id"] != nil {
				t.Errorf("emptied: %s", got.raw)
			}
		}
		w.do(t, "PATCH", "/v1/users/"+other, `{"external_id":null}`).want(t, 200) // many have none
		w.do(t, "PATCH", "/v1/users/"+other, `{"external_id":" CRM/1 ä"}`).want(t, 200)
		w.do(t, "DELETE", "/v1/users/"+other, "").want(t, 200)
		if got := w.do(t, "POST", "/v1/users", `{"email":"x@example.com","external_id":" CRM/1 ä"}`).want(t, 201); got.text("external_id") != " CRM/1 ä" {
			t.Errorf("after the deletion: %s", got.raw)
		}
	})
}

func TestUsersByExternalID(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.person(t, "nameless@example.com")
		ids := map[string]string{}
		for n, external := range []string{"1", "10", "a b&c", "A"} {
			ids[external] = w.do(t, "POST", "/v1/users", fmt.Sprintf(`{"email":"u%d@example.com","external_id":%q}`, n, external)).want(t, 201).text("id")
		}
		for query, want := range map[string]string{"1": ids["1"], "10": ids["10"], "a+b%26c": ids["a b&c"], "A": ids["A"], "a": "", "2": "", "%25": "",
			"1&status=active": ids["1"], "1&status=disabled": ""} {
			data := w.do(t, "GET", "/v1/users?external_id="+query, "").want(t, 200).body["data"].([]any)
			if want == "" && len(data) != 0 || want != "" && (len(data) != 1 || data[0].(map[string]any)["id"] != want) {
				t.Errorf("%s: %v, want %q", query, data, want)
			}
		}
		w.do(t, "GET", "/v1/users?external_id=%00", "").wantFault(t, 422, "query", "external_id")
		w.do(t, "GET", "/v1/users?external_id="+strings.Repeat("x", 256), "").wantFault(t, 422, "query", "external_id")
		w.do(t, "GET", "/v1/users?external_id=", "").wantFault(t, 422, "query", "external_id") // of whom there are many
	})
}

// Who was imported once is not made a second time by another import, under whatever address, nor by one of who was opened by hand.
func TestAnotherImportMakesNobodyTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		byHand := w.do(t, "POST", "/v1/users", `{"email":"hand@example.com","external_id":"h"}`).want(t, 201).text("id")
		send := func(lines string) (string, answer) {
			importID := w.do(t, "POST", "/v1/user_imports", `{}`).want(t, 201).text("id")
			return importID, w.sendLines(t, importID, 0, strings.NewReader(lines)).want(t, 200)
		}
		first, _ := send(`{"email":"old@example.com","external_id":"1"}` + "\n" + `{"email":"two@example.com","external_id":"2"}`)
		made, _ := w.stream(t, "/v1/user_imports/"+first+"/results")
		second, told := send(`{"email":"new@example.com","external_id":"1"}` + "\n" + `{"email":"new@example.com","external_id":"h"}` + "\n" +
			`{"email":"new@example.com","external_id":"3"}` + "\n" + `{"email":"another@example.com","external_id":"3"}`)
		if told.body["created"] != 1.0 || told.body["existing"] != 3.0 || told.body["failed"] != 0.0 {
			t.Errorf("%s", told.raw)
		}
		results, _ := w.stream(t, "/v1/user_imports/"+second+"/results")
		for i, want := range []struct{ status, user string }{{"exists", made[0]["user_id"].(string)}, {"exists", byHand}, {"created", ""}, {"exists", results[2]["user_id"].(string)}} {
			r := results[i]
			if r["status"] != want.status || want.user != "" && (r["user_id"] != want.user || r["field"] != "external_id") {
				t.Errorf("line %d: %v, want %v", i+1, r, want)
			}
		}
		if users, _ := w.stream(t, "/v1/users/export"); len(users) != 4 {
			t.Errorf("%d users", len(users))
		}
		// What the first import knew goes, and who it made is known still.
		w.do(t, "DELETE", "/v1/user_imports/"+first, "").want(t, 200)
		if _, told := send(`{"email":"newest@example.com","external_id":"2"}`); told.body["existing"] != 1.0 {
			t.Errorf("after the first import was deleted: %s", told.raw)
		}
	})
}
