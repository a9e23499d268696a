package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/client"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestOpenAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		got := w.send(t, "", "GET", "/v1/openapi.json", "").want(t, 200)
		if ct := got.header.Get("Content-Type"); ct != "application/openapi+json" {
			t.Errorf("content type %q", ct)
		}
		if !strings.HasPrefix(got.text("openapi"), "3.1") {
			t.Errorf("version %q", got.text("openapi"))
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, []byte(got.raw), "", "  "); err != nil {
			t.Fatal(err)
		}
		indented.WriteByte('\n')
		const golden = "testdata/openapi.json"
		if *update {
			if err := os.WriteFile(golden, indented.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), indented.String()); d != "" {
			t.Errorf("the description differs from %s (go test ./op/api -run TestOpenAPI -update writes it anew):\n%s", golden, d)
		}
	})
}

// The fields that callers are told of are those that can be registered, by the same names and types.
func TestApplicationFieldsAreTheMetadata(t *testing.T) {
	members := func(t reflect.Type) map[string]string {
		m := map[string]string{}
		for f := range fields(t) {
			kind := f.Type.String()
			if f.Name == "JWKS" {
				kind = "keys"
			}
			m[f.Tag.Get("json")] = kind
		}
		return m
	}
	if d := cmp.Diff(members(reflect.TypeFor[client.Metadata]()), members(reflect.TypeFor[api.ApplicationFields]())); d != "" {
		t.Error(d)
	}
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}
