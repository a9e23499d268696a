package user_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/user"
)

// The cases of RFC 7396, appendix A, that begin and end with an object, and what it leaves to its readers.
func TestMergeMetadata(t *testing.T) {
	for _, c := range []struct{ was, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{`{"a":{"b":{"c":{"d":1,"e":2}}}}`, `{"a":{"b":{"c":{"d":null}}}}`, `{"a":{"b":{"c":{"e":2}}}}`},
		{`{"a":1}`, `{"a":{"b":2}}`, `{"a":{"b":2}}`},
		{`{"n":9007199254740993}`, `{"m":1e400}`, `{"m":1e400,"n":9007199254740993}`},
		{``, `{"a":1}`, `{"a":1}`},
		{`{"a":1}`, ` {}`, `{"a":1}`},
		{`{"a":[null]}`, `{"b":[null]}`, `{"a":[null],"b":[null]}`},
	} {
		got, err := user.MergeMetadata([]byte(c.was), []byte(c.patch))
		if err != nil || string(got) != c.want {
			t.Errorf("%s with %s: %s, %v, want %s", c.was, c.patch, got, err, c.want)
		}
	}
	for _, patch := range []string{``, `null`, `[]`, `1`, `"a"`, `{`, `{"a":}`} {
		if got, err := user.MergeMetadata([]byte(`{}`), []byte(patch)); !errors.Is(err, user.ErrMetadataNoObject) {
			t.Errorf("%s: %s, %v", patch, got, err)
		}
	}
	whole := `{"a":"` + strings.Repeat("x", user.MaxMetadata-8) + `"}`
	if got, err := user.MergeMetadata([]byte(`{}`), []byte(whole)); err != nil || len(got) != user.MaxMetadata {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := user.MergeMetadata([]byte(whole), []byte(`{"b":1}`)); !errors.Is(err, user.ErrMetadataTooLarge) {
		t.Errorf("%v", err)
	}
}

func FuzzMergeMetadata(f *testing.F) {
	f.Add(`{"a":{"b":1}}`, `{"a":{"b":null,"c":[{}]}}`)
	f.Fuzz(func(t *testing.T, was, patch string) {
		if !json.Valid([]byte(was)) {
			return
		}
		once, err := user.MergeMetadata([]byte(was), []byte(patch))
		if err != nil {
			return
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(once, &members); err != nil {
			t.Fatalf("%s", once)
		}
		// To be told the same twice changes nothing.
		again, err := user.MergeMetadata(once, []byte(patch))
		if err != nil || string(again) != string(once) {
			t.Fatalf("%s, then %s, %v", once, again, err)
		}
	})
}
