package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// maxBody is in bytes: room for fifty redirect URIs of the greatest length and then some.
const maxBody = 256 << 10

// readStrictly refuses what the framework would quietly make something of.
func (a *API) readStrictly(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	r.Header.Del("Accept") // there is one format, which a choice could only spoil
	p := checkQuery(r.URL.RawQuery)
	if p == nil && ctx.Operation().RequestBody != nil && ctx.Operation().Metadata[streams] == nil {
		p = checkType(r.Header.Values("Content-Type"))
	}
	if p != nil {
		p.write(r.Context(), w)
		return
	}
	next(ctx)
}

// checkQuery refuses what a filter would be lost by: one that is repeated, or empty because a script's variable was.
func checkQuery(raw string) *Problem {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return problem(http.StatusBadRequest, "invalid_request", "the query cannot be read", Fault{In: "query", Detail: "cannot be read"})
	}
	for name, values := range q {
		if len(values) > 1 {
			return badField("query", name, "may be sent once")
		}
		if values[0] == "" {
			return badField("query", name, "must not be empty; leave it out")
		}
	}
	return nil
}

func checkType(header []string) *Problem {
	if len(header) == 0 {
		return nil
	}
	if media, _, err := mime.ParseMediaType(header[0]); err != nil || media != "application/json" || len(header) > 1 {
		return problem(http.StatusUnsupportedMediaType, "unsupported_media_type", "the body must be application/json",
			Fault{"header", "Content-Type", "must be application/json"})
	}
	return nil
}

// decode reads a body of JSON as RFC 8259 means it: UTF-8, no member twice, nothing behind. encoding/json would let the
// last of two equal members win, and whoever checked the first would have been deceived.
func decode(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := checkValue(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("has something behind the JSON value")
	}
	if err := json.Unmarshal(data, v); err != nil {
		return errors.New(unfit(err))
	}
	return nil
}

const maxDepth = 32

func checkValue(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return fmt.Errorf("is not JSON from byte %d on", d.InputOffset())
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if depth == maxDepth {
		return fmt.Errorf("is nested more than %d deep", maxDepth)
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return fmt.Errorf("is not JSON from byte %d on", d.InputOffset())
			}
			if seen[name.(string)] {
				return fmt.Errorf("has the member %q twice", name)
			}
			seen[name.(string)] = true
		}
		if err := checkValue(d, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("is not JSON from byte %d on", d.InputOffset())
	}
	return nil
}

// unfit says which member has a value that the schema allows and its type does not: a number beyond 64 bits.
func unfit(err error) string {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) && t.Field != "" {
		return t.Field + " has a value that is out of range"
	}
	return "cannot be read"
}
