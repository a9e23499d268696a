package api_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
)

// sendLines sends lines of an import as a stream, which breaks off at its end where broken is set.
func (w *world) sendLines(t *testing.T, importID string, offset int, body io.Reader) answer {
	t.Helper()
	r := httptest.NewRequest("POST", fmt.Sprintf("%s/v1/user_imports/%s/lines?offset=%d", issuer, importID, offset), body)
	r.Header.Set("Authorization", "Bearer "+w.tokenOf(t, w.service, strings.Join(api.Scopes, " ")))
	r.Header.Set("Content-Type", "application/x-ndjson")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	a := answer{status: rec.Code, header: rec.Header(), raw: rec.Body.String()}
	if err := json.Unmarshal(rec.Body.Bytes(), &a.body); err != nil {
		t.Fatalf("%v in %q", err, a.raw)
	}
	return a
}

// stream reads an answer of lines.
func (w *world) stream(t *testing.T, path string) (list []map[string]any, raw string) {
	t.Helper()
	rec := w.serve(newRequest("GET", path, w.tokenOf(t, w.service, strings.Join(api.Scopes, " "))))
	if rec.Code != 200 || rec.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	raw = rec.Body.String()
	for s := bufio.NewScanner(strings.NewReader(raw)); s.Scan(); {
		var m map[string]any
		if err := json.Unmarshal(s.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list, raw
}

// broken is a body whose connection breaks behind its last byte.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = errors.New("connection reset")
	}
	return n, err
}

func lines(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, `{"email":"u%d@example.com","external_id":"x%d","name":"User %d","public_metadata":{"n":%d}}`+"\n", i, i, i, i)
	}
	return b.String()
}

func TestImportIsResumedWithoutADouble(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 2000
		importID := w.do(t, "POST", "/v1/user_imports", fmt.Sprintf(`{"total":%d}`, n)).want(t, 201).text("id")
		all := lines(0, n)
		// It breaks off in the middle of a line.
		w.sendLines(t, importID, 0, broken{strings.NewReader(all[:len(all)/2+10])}).want(t, 400)
		half := w.do(t, "GET", "/v1/user_imports/"+importID, "").want(t, 200)
		done := int(half.body["lines"].(float64))
		if done < n/3 || done >= n || half.text("status") != "running" || half.body["created"] != float64(done) {
			t.Fatalf("after the break: %s", half.raw)
		}
		w.sendLines(t, importID, done+1, strings.NewReader(lines(done+1, n))).wantFault(t, 422, "query", "offset")
		// Everything once more, then once more from where it stood: what was taken is passed over.
		end := w.sendLines(t, importID, 0, strings.NewReader(all)).want(t, 200)
		again := w.sendLines(t, importID, done, strings.NewReader(lines(done, n))).want(t, 200)
		if d := cmp.Diff(end.body, again.body); d != "" || end.text("status") != "finished" || end.body["created"] != float64(n) ||
			end.body["existing"] != 0.0 || end.body["failed"] != 0.0 || end.body["lines"] != float64(n) {
			t.Errorf("%s, %s", end.raw, d)
		}
		results, _ := w.stream(t, "/v1/user_imports/"+importID+"/results")
		users, raw := w.stream(t, "/v1/users/export")
		if len(results) != n || len(users) != n || strings.Contains(raw, "argon2") {
			t.Fatalf("%d results, %d users", len(results), len(users))
		}
		for i, r := range results {
			if r["line"] != float64(i+1) || r["status"] != "created" || r["external_id"] != fmt.Sprintf("x%d", i) || r["user_id"] != users[i]["id"] ||
				users[i]["email_address"] != fmt.Sprintf("u%d@example.com", i) || users[i]["name"] != fmt.Sprintf("User %d", i) {
				t.Fatalf("line %d: %v, %v", i+1, r, users[i])
			}
		}
		if rest, _ := w.stream(t, fmt.Sprintf("/v1/user_imports/%s/results?after=%d", importID, n-3)); len(rest) != 3 {
			t.Errorf("%d results of the last 3 lines", len(rest))
		}
	})
}

func TestImportTellsOfEachLine(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.person(t, "old@example.com")
		importID := w.do(t, "POST", "/v1/user_imports", "{}").want(t, 201).text("id")
		body := strings.Join([]string{
			`{"email":"new@example.com","external_id":"1","password_hash":"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}`,
			`{"email":"OLD@example.com"}`, `{"email":"New@Example.com"}`, `{"email":"third@example.com","external_id":"1"}`, ``,
			`{"email":"nobody"}`, `{"email":"a@example.com","emial":"b"}`, `{"email":"a@example.com","email":"b@example.com"}`, `not JSON`,
			`{"email":"a@example.com","password_hash":"md5"}`, `{"email":"a@example.com","role":"king"}`, `{"email":"a@example.com","name":"\u0001"}`,
			`{"email":"a@example.com","public_metadata":[]}`, `{"email":"a@example.com","name":"` + strings.Repeat("a", 70000) + `"}`,
			`{"email":"open@example.com","email_verified":false,"role":"auditor","locale":"de"}`}, "\n")
		got := w.sendLines(t, importID, 0, strings.NewReader(body)).want(t, 200)
		if got.body["lines"] != 15.0 || got.body["created"] != 2.0 || got.body["existing"] != 3.0 || got.body["failed"] != 9.0 || got.body["total"] != nil {
			t.Errorf("%s", got.raw)
		}
		results, _ := w.stream(t, "/v1/user_imports/"+importID+"/results")
		want := []string{"1 created <nil>", "2 exists email", "3 exists email", "4 exists external_id", "6 failed email", "7 failed <nil>", "8 failed <nil>", "9 failed <nil>",
			"10 failed password_hash", "11 failed role", "12 failed name", "13 failed public_metadata", "14 failed <nil>", "15 created <nil>"}
		var have []string
		for _, r := range results {
			have = append(have, fmt.Sprintf("%v %v %v", r["line"], r["status"], r["field"]))
		}
		if d := cmp.Diff(want, have); d != "" {
			t.Error(d)
		}
		who := factor.Who{UserID: results[0]["user_id"].(string), Address: netip.MustParseAddr("192.0.2.9")}
		if err := w.Factors.CheckPassword(t.Context(), who, "U*U"); err != nil {
			t.Errorf("the imported password: %v", err)
		}
		if got := w.do(t, "GET", "/v1/users?email=open@example.com", "").want(t, 200); !strings.Contains(got.raw, `"email_address_verified":false`) {
			t.Error(got.raw)
		}
		// Who may not give roles does not by an import.
		other := w.newService(t, "users:write")
		r := httptest.NewRequest("POST", issuer+"/v1/user_imports/"+importID+"/lines?offset=15", strings.NewReader(`{"email":"boss@example.com","role":"owner"}`))
		r.Header.Set("Authorization", "Bearer "+w.tokenOf(t, other, "users:write"))
		if rec := w.serve(r); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"failed":10`) {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
		w.sendLines(t, "imp_x", 0, strings.NewReader("")).want(t, 404)
		w.do(t, "POST", "/v1/user_imports/"+importID+"/lines", "{}", "Idempotency-Key", "k").wantFault(t, 400, "header", "Idempotency-Key")
	})
}

// Two who send the same lines make each user once.
func TestImportByTwoAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		importID := w.do(t, "POST", "/v1/user_imports", `{"total":1000}`).want(t, 201).text("id")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if got := w.sendLines(t, importID, 0, strings.NewReader(lines(0, 1000))); got.status != 200 && got.status != 409 {
					t.Errorf("%d %s", got.status, got.raw)
				}
			})
		}
		wg.Wait()
		got := w.sendLines(t, importID, 0, strings.NewReader(lines(0, 1000))).want(t, 200)
		if got.body["created"] != 1000.0 || got.body["existing"] != 0.0 {
			t.Errorf("%s", got.raw)
		}
		if n, err := w.Store.Users(t.Context(), storage.UserFilter{Limit: 501}); err != nil || len(n) != 501 {
			t.Errorf("%d users, %v", len(n), err)
		}
	})
}

// An import is longer than any other request may be.
func TestImportHasNoLimit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		importID := w.do(t, "POST", "/v1/user_imports", "{}").want(t, 201).text("id")
		line := `{"email":"nobody","name":"` + strings.Repeat("a", 30000) + `"}` + "\n"
		got := w.sendLines(t, importID, 0, strings.NewReader(strings.Repeat(line, 100))).want(t, 200)
		if got.body["lines"] != 100.0 || got.body["failed"] != 100.0 {
			t.Errorf("%s", got.raw)
		}
	})
}

func TestImportsAreListedCancelledAndDeleted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mk := func(total int) string {
			return w.do(t, "POST", "/v1/user_imports", fmt.Sprintf(`{"total":%d}`, total)).want(t, 201).text("id")
		}
		done, open, stopped := mk(2), mk(5), mk(5)
		w.sendLines(t, done, 0, strings.NewReader(lines(0, 2))).want(t, 200)
		w.sendLines(t, stopped, 0, strings.NewReader(lines(2, 4))).want(t, 200)
		for range 2 {
			if got := w.do(t, "POST", "/v1/user_imports/"+stopped+"/cancel", "").want(t, 200); got.text("status") != "cancelled" || got.body["created"] != 2.0 {
				t.Error(got.raw)
			}
		}
		if got := w.sendLines(t, stopped, 2, strings.NewReader(lines(4, 6))).want(t, 409); got.text("code") != "import_cancelled" {
			t.Error(got.raw)
		}
		if got := w.do(t, "POST", "/v1/user_imports/"+done+"/cancel", "").want(t, 409); got.text("code") != "import_finished" {
			t.Error(got.raw)
		}
		for query, want := range map[string][]string{"": {stopped, open, done}, "?status=running": {open}, "?status=finished": {done}, "?status=cancelled": {stopped}} {
			if d := cmp.Diff(want, w.ids(t, "/v1/user_imports"+query, "id", 1)); d != "" {
				t.Errorf("%s: %s", query, d)
			}
		}
		w.do(t, "DELETE", "/v1/user_imports/"+done, "").want(t, 200)
		for _, path := range []string{"", "/results"} {
			w.do(t, "GET", "/v1/user_imports/"+done+path, "").want(t, 404)
		}
		w.do(t, "DELETE", "/v1/user_imports/"+done, "").want(t, 404)
		w.sendLines(t, done, 0, strings.NewReader(lines(0, 2))).want(t, 404)
		if users, _ := w.stream(t, "/v1/users/export"); len(users) != 4 {
			t.Errorf("%d users", len(users))
		}
	})
}

// The export is narrowed as the list is.
func TestExportIsFiltered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ada := w.person(t, "ada@example.com")
		eve := w.do(t, "POST", "/v1/users", `{"email":"eve@example.com","role":"auditor"}`).want(t, 201).text("id")
		w.do(t, "POST", "/v1/users/"+eve+"/disable", "").want(t, 200)
		for query, want := range map[string][]string{"": {ada, eve}, "?status=active": {ada}, "?role=auditor": {eve}, "?query=EV": {eve},
			"?email=ada@example.com": {ada}, fmt.Sprintf("?since=%d", start.UnixMilli()+1): nil} {
			users, _ := w.stream(t, "/v1/users/export"+query)
			var got []string
			for _, u := range users {
				got = append(got, u["id"].(string))
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s: %s", query, d)
			}
		}
		w.do(t, "GET", "/v1/users/export?include=password_hash", "").wantFault(t, 422, "query", "include")
	})
}
