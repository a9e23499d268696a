package api_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/storage"
)

func TestUserFromCreationToDeletion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made := w.do(t, "POST", "/v1/users", `{"email":"Ada@Example.com","name":" Ada ","locale":"de-AT",
			"password":"correct horse battery","private_metadata":{"n":12345678901234567890}}`).want(t, http.StatusCreated)
		userID := made.text("id")
		want := map[string]any{"object": "user", "id": userID, "email_address": "Ada@Example.com", "email_address_verified": true,
			"phone_number": nil, "name": "Ada", "first_name": "", "last_name": "", "locale": "de-AT", "role": "", "status": "active", "session_limit": 0.0, "external_id": nil,
			"public_metadata": map[string]any{}, "private_metadata": map[string]any{"n": 12345678901234567890.0},
			"unsafe_metadata": map[string]any{}, "created_at": float64(start.UnixMilli()), "updated_at": float64(start.UnixMilli()),
			"last_sign_in_at": nil, "password_enabled": true, "two_factor_enabled": false, "totp_enabled": false, "backup_code_enabled": false,
			"email_addresses": []any{map[string]any{"object": "email_address", "email_address": "Ada@Example.com", "primary": true,
				"verification": map[string]any{"status": "verified"}}}, "phone_numbers": []any{}}
		if d := cmp.Diff(want, made.body); d != "" {
			t.Fatal(d)
		}
		if !strings.Contains(made.raw, "12345678901234567890") {
			t.Errorf("a large number was rounded: %s", made.raw)
		}
		got := w.do(t, "GET", "/v1/users/"+userID, "").want(t, 200)
		if d := cmp.Diff(made.body, got.body); d != "" || got.header.Get("ETag") != made.header.Get("ETag") {
			t.Errorf("ETag %q and %q, %s", got.header.Get("ETag"), made.header.Get("ETag"), d)
		}
		who := factor.Who{UserID: userID, Address: netip.MustParseAddr("192.0.2.9")}
		if err := w.Factors.CheckPassword(t.Context(), who, "correct horse battery"); err != nil {
			t.Errorf("the password: %v", err)
		}

		changed := w.do(t, "PATCH", "/v1/users/"+userID, `{"first_name":"Ada","locale":null,"session_limit":3,"public_metadata":{"plan":"pro"}}`,
			"If-Match", got.header.Get("ETag")).want(t, 200)
		want["first_name"], want["locale"], want["session_limit"], want["public_metadata"] = "Ada", "", 3.0, map[string]any{"plan": "pro"}
		if d := cmp.Diff(want, changed.body); d != "" {
			t.Error(d)
		}
		w.do(t, "PATCH", "/v1/users/"+userID, `{"name":"Late"}`, "If-Match", got.header.Get("ETag")).wantFault(t, 412, "header", "If-Match")
		same := w.do(t, "PATCH", "/v1/users/"+userID, `{"first_name":"Ada"}`).want(t, 200)
		if same.header.Get("ETag") != changed.header.Get("ETag") {
			t.Error("a change of nothing moved the version")
		}

		gone := w.do(t, "DELETE", "/v1/users/"+userID, "").want(t, 200)
		if d := cmp.Diff(map[string]any{"object": "user", "id": userID, "deleted": true}, gone.body); d != "" {
			t.Error(d)
		}
		w.do(t, "GET", "/v1/users/"+userID, "").want(t, 404)
		w.do(t, "DELETE", "/v1/users/"+userID, "").want(t, 404)

		list, kinds := w.events(t, userID)
		if d := cmp.Diff([]audit.Kind{audit.UserCreated, audit.UserUpdated, audit.SessionsEnded, audit.UserDeleted}, kinds); d != "" {
			t.Error(d)
		}
		for _, e := range list {
			if e.Actor != w.service {
				t.Errorf("%s was done by %q", e.Kind, e.Actor)
			}
		}
		var data map[string]any
		if err := json.Unmarshal([]byte(list[2].Data), &data); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]any{"changed": []any{"given_name", "locale", "public_metadata", "session_limit"},
			"before": map[string]any{"given_name": "", "locale": "de-AT", "session_limit": "0"}, "after": map[string]any{"given_name": "Ada", "locale": "", "session_limit": "3"}}, data); d != "" {
			t.Error(d)
		}
	})
}

func TestDisableEndsEverySessionAndEnableRevivesNone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "off@example.com")
		first, second := w.session(t, userID), w.session(t, userID)
		a := w.takePart(t, first, "openid")
		before := w.do(t, "POST", "/v1/users/"+userID+"/disable", "").want(t, 200)
		if before.text("status") != "disabled" {
			t.Fatal(before.raw)
		}
		again := w.do(t, "POST", "/v1/users/"+userID+"/disable", "").want(t, 200)
		if d := cmp.Diff(before.body, again.body); d != "" {
			t.Errorf("the second answer differs: %s", d)
		}
		for _, s := range []*storage.Session{first, second} {
			got := w.do(t, "GET", "/v1/sessions/"+s.ID, "").want(t, 200)
			if got.text("status") != "revoked" || got.text("end_reason") != "user_disabled" || got.body["ended_at"] == nil {
				t.Error(got.raw)
			}
		}
		if _, _, err := w.Tokens.ReadAccess(t.Context(), a.access); !errors.Is(err, key.ErrInvalid) {
			t.Errorf("the access token still reads: %v", err)
		}
		w.do(t, "POST", "/v1/users/"+userID+"/enable", "").want(t, 200)
		if got := w.do(t, "GET", "/v1/sessions?status=active&user_id="+userID, "").want(t, 200); len(got.body["data"].([]any)) != 0 {
			t.Errorf("sessions came back: %s", got.raw)
		}
		_, kinds := w.events(t, userID)
		if d := cmp.Diff([]audit.Kind{audit.UserCreated, audit.UserDisabled, audit.SessionsEnded, audit.SessionEnded,
			audit.SessionEnded, audit.UserEnabled}, kinds); d != "" {
			t.Error(d)
		}
	})
}

func TestDeleteUserEndsTheirSessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "gone@example.com")
		s := w.session(t, userID)
		a := w.takePart(t, s, "openid")
		w.do(t, "DELETE", "/v1/users/"+userID, "").want(t, 200)
		if _, _, err := w.Tokens.ReadAccess(t.Context(), a.access); !errors.Is(err, key.ErrInvalid) {
			t.Errorf("the access token still reads: %v", err)
		}
		_, kinds := w.events(t, userID)
		if !slices.Contains(kinds, audit.SessionEnded) {
			t.Errorf("the session went another way than through the door: %v", kinds)
		}
		// The address is free again.
		w.person(t, "gone@example.com")
	})
}

func TestGainingARoleEndsSessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "up@example.com")
		s := w.session(t, userID)
		w.do(t, "PATCH", "/v1/users/"+userID, `{"name":"Still a user"}`).want(t, 200)
		if got := w.do(t, "GET", "/v1/sessions/"+s.ID, ""); got.text("status") != "active" {
			t.Error(got.raw)
		}
		w.do(t, "PATCH", "/v1/users/"+userID, `{"role":"admin"}`).want(t, 200)
		if got := w.do(t, "GET", "/v1/sessions/"+s.ID, ""); got.text("status") != "revoked" {
			t.Error(got.raw)
		}
	})
}

func TestListUsers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var ids []string
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			ids = append(ids, w.person(t, name+"@example.com"))
		}
		w.do(t, "POST", "/v1/users/"+ids[1]+"/disable", "").want(t, 200)
		var seen []string
		for path, n := "/v1/users?limit=2", 0; path != ""; n++ {
			if n > 3 {
				t.Fatal("the pages do not end")
			}
			got := w.do(t, "GET", path, "").want(t, 200)
			for _, u := range got.body["data"].([]any) {
				seen = append(seen, u.(map[string]any)["id"].(string))
			}
			path = ""
			if got.body["has_more"] == true {
				path = "/v1/users?limit=2&starting_after=" + got.text("next_cursor")
			} else if got.body["next_cursor"] != nil {
				t.Errorf("a cursor on the last page: %s", got.raw)
			}
		}
		if d := cmp.Diff(ids, seen); d != "" {
			t.Error(d)
		}
		for query, want := range map[string][]string{"email=B@EXAMPLE.com": {ids[1]}, "status=disabled": {ids[1]},
			"email=nobody@example.com": {}, "status=active&email=b@example.com": {}} {
			got, list := w.do(t, "GET", "/v1/users?"+query, "").want(t, 200), []string{}
			for _, u := range got.body["data"].([]any) {
				list = append(list, u.(map[string]any)["id"].(string))
			}
			if d := cmp.Diff(want, list); d != "" {
				t.Errorf("%s: %s", query, d)
			}
		}
	})
}

func TestUsersBadInput(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "taken@example.com")
		big := `{"x":"` + strings.Repeat("a", 8<<10) + `"}`
		for body, want := range map[string]struct {
			status int
			field  string
		}{
			`{}`:                              {422, "email"},
			`{"email":7}`:                     {422, "email"},
			`{"email":"x"}`:                   {422, "email"},
			`{"email":"TAKEN@example.com"}`:   {409, "email"},
			`{"Email":"new@example.com"}`:     {422, "Email"},
			`{"email":"n@example.com","x":1}`: {422, "x"},
			`{"email":"n@example.com","password":"short"}`:                           {422, "password"},
			`{"email":"n@example.com","password":"password"}`:                        {422, "password"},
			`{"email":"n@example.com","role":"root"}`:                                {422, "role"},
			`{"email":"n@example.com","locale":"../etc"}`:                            {422, "locale"},
			`{"email":"n@example.com","name":"a\u0000b"}`:                            {422, "name"},
			`{"email":"n@example.com","public_metadata":[]}`:                         {422, "public_metadata"},
			`{"email":"n@example.com","unsafe_metadata":` + big + `}`:                {422, "unsafe_metadata"},
			`{"email":"n@example.com","email":"m@example.com"}`:                      {400, ""},
			`{"email":"n@example.com"} {}`:                                           {400, ""},
			`{"email":"n@example.com"`:                                               {400, ""},
			"{\"email\":\"n@example.com\",\"name\":\"\xff\"}":                        {400, ""},
			strings.Repeat("[", 100_000):                                             {400, ""},
			`{"name":` + strings.Repeat(`{"a":`, 50) + `1` + strings.Repeat("}", 51): {400, ""},
			`null`: {422, ""},
			`[]`:   {422, ""},
			`"x"`:  {422, ""},
		} {
			got := w.do(t, "POST", "/v1/users", body).wantFault(t, want.status, "body", want.field)
			if strings.Contains(got.raw, "short") && strings.Contains(body, "short") && !strings.Contains(got.raw, "too short") {
				t.Errorf("a value came back: %s", got.raw)
			}
		}
		w.do(t, "POST", "/v1/users", "").want(t, 400)
		w.do(t, "POST", "/v1/users", `{"name":"`+strings.Repeat("a", 300<<10)+`"}`).want(t, 413)
		w.do(t, "POST", "/v1/users", `{"name":"`+strings.Repeat("a", 2<<20)+`"}`).want(t, 413)
		w.do(t, "POST", "/v1/users", "email=a@example.com", "Content-Type", "application/x-www-form-urlencoded").
			wantFault(t, 415, "header", "Content-Type")
		w.do(t, "PATCH", "/v1/users/"+userID, `{"email":"other@example.com"}`).wantFault(t, 422, "body", "email")
		w.do(t, "PATCH", "/v1/users/"+userID, `{"status":"disabled"}`).wantFault(t, 422, "body", "status")
		w.do(t, "PATCH", "/v1/users/"+userID, `{"name":7}`).wantFault(t, 422, "body", "name")
		for query, field := range map[string]string{"limit=0": "limit", "limit=501": "limit", "limit=x": "limit", "limit=1&limit=2": "limit",
			"status=": "status", "status=gone": "status", "email=": "email", "email=x": "email", "e-mail=a": "e-mail", "starting_after=%00": "starting_after",
			"starting_after=AAAA": "starting_after", "%65mail": "email"} {
			w.do(t, "GET", "/v1/users?"+query, "").wantFault(t, 422, "query", field)
		}
		w.do(t, "GET", "/v1/users?email=%zz", "").want(t, 400)
		if got := w.do(t, "GET", "/v1/users?%65mail=nobody@example.com", "").want(t, 200); len(got.body["data"].([]any)) != 0 {
			t.Errorf("a filter with an escaped name was lost: %s", got.raw)
		}
		for _, wrong := range []string{"x", id.New(id.User), id.New(id.Session), "%00", strings.Repeat("a", 5000), "usr_" + strings.Repeat("0", 26)} {
			for _, o := range []struct{ method, path, body string }{{"GET", "", ""}, {"DELETE", "", ""}, {"PATCH", "", "{}"},
				{"POST", "/disable", ""}, {"POST", "/enable", ""}} {
				w.do(t, o.method, "/v1/users/"+wrong+o.path, o.body).want(t, 404)
			}
		}
		if got := w.do(t, "GET", "/v1/users", "").want(t, 200); len(got.body["data"].([]any)) != 1 {
			t.Errorf("bad input left something behind: %s", got.raw)
		}
	})
}
