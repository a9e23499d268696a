package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMetadataIsMergedAndReplaced(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		path := "/v1/users/" + w.person(t, "ada@example.com") + "/metadata"
		tiers := func(a answer) map[string]any {
			return map[string]any{"public": a.body["public_metadata"], "private": a.body["private_metadata"], "unsafe": a.body["unsafe_metadata"]}
		}
		w.do(t, "PATCH", path, `{"public_metadata":{"plan":{"name":"pro","seats":5}},"private_metadata":{"ref":"x"}}`).want(t, 200)
		merged := w.do(t, "PATCH", path, `{"public_metadata":{"plan":{"seats":null,"since":2026}},"unsafe_metadata":{"theme":"dark"}}`).want(t, 200)
		if d := cmp.Diff(map[string]any{"public": map[string]any{"plan": map[string]any{"name": "pro", "since": 2026.0}},
			"private": map[string]any{"ref": "x"}, "unsafe": map[string]any{"theme": "dark"}}, tiers(merged)); d != "" {
			t.Error(d)
		}
		replaced := w.do(t, "PUT", path, `{"public_metadata":{"free":true,"gone":null}}`, "If-Match", merged.header.Get("ETag")).want(t, 200)
		if d := cmp.Diff(map[string]any{"public": map[string]any{"free": true}, "private": map[string]any{"ref": "x"},
			"unsafe": map[string]any{"theme": "dark"}}, tiers(replaced)); d != "" {
			t.Error(d)
		}
		w.do(t, "PATCH", path, `{"public_metadata":{"late":1}}`, "If-Match", merged.header.Get("ETag")).wantFault(t, 412, "header", "If-Match")
		for _, body := range []string{`{"public_metadata":[]}`, `{"public_metadata":null}`, `{"public_metadata":"x"}`,
			`{"private_metadata":{"x":"` + strings.Repeat("y", 8<<10) + `"}}`} {
			field := strings.Split(body, `"`)[1]
			w.do(t, "PATCH", path, body).wantFault(t, 422, "body", field)
			w.do(t, "PUT", path, body).wantFault(t, 422, "body", field)
		}
		w.do(t, "PATCH", path, `{"other_metadata":{}}`).wantFault(t, 422, "body", "other_metadata")
		w.do(t, "PATCH", "/v1/users/usr_unknown/metadata", `{}`).want(t, 404)
		if got := w.do(t, "GET", strings.TrimSuffix(path, "/metadata"), "").want(t, 200); got.header.Get("ETag") != replaced.header.Get("ETag") {
			t.Errorf("a refused change moved the version: %s", got.raw)
		}
	})
}

// Whoever merges at the same time loses nothing of the others.
func TestMergesOfMetadataDoNotLoseEachOther(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		path := "/v1/users/" + w.person(t, "ada@example.com") + "/metadata"
		var done sync.WaitGroup
		for i := range 5 {
			done.Go(func() {
				if got := w.do(t, "PATCH", path, fmt.Sprintf(`{"public_metadata":{"k%d":%d}}`, i, i)); got.status != 200 {
					t.Errorf("%d %s", got.status, got.raw)
				}
			})
		}
		done.Wait()
		got := w.do(t, "PATCH", path, `{}`).want(t, 200)
		if members := got.body["public_metadata"].(map[string]any); len(members) != 5 {
			t.Errorf("%v", members)
		}
	})
}
