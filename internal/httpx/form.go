package httpx

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"
)

// MaxForm is the longest form body that is read, in bytes.
const MaxForm = 64 << 10

// BadRequest says why parameters were not accepted. Its text is fit for an error_description (RFC 6749 5.2: no quotes,
// no backslash, ASCII) and repeats nothing of the request but names of parameters.
type BadRequest struct {
	Status int    // 400, 405 or 413
	Text   string // why, for whoever writes the client
}

func (e *BadRequest) Error() string { return e.Text }

func bad(text string) error { return &BadRequest{http.StatusBadRequest, text} }

// credentials are the parameters that may not stand in a URL, where they end up in logs and histories (RFC 6749 2.3.1
// for the client's, RFC 9700 4.3 for the others).
var credentials = map[string]bool{
	"client_secret": true, "client_assertion": true, "code": true, "code_verifier": true, "refresh_token": true,
	"access_token": true, "token": true, "subject_token": true, "actor_token": true, "password": true,
	"username": true, "assertion": true, "device_code": true, "logout_token": true,
}

// ReadForm reads the parameters of a POST with an application/x-www-form-urlencoded body. The error is a *BadRequest
// for what the client did wrong. No name may come twice (RFC 6749 3.2) except the repeatable ones (resource, RFC 8707
// 2; audience, RFC 8693 2.1), and no credential may stand in the query.
func ReadForm(r *http.Request, repeatable ...string) (*Params, error) {
	if r.Method != http.MethodPost {
		return nil, &BadRequest{http.StatusMethodNotAllowed, "the method must be POST"}
	}
	if !formType(r.Header["Content-Type"]) {
		return nil, bad("the content type must be application/x-www-form-urlencoded")
	}
	if r.URL.RawQuery != "" {
		if err := refuseCredentials(r.URL.RawQuery); err != nil {
			return nil, err
		}
	}
	if r.Body == nil {
		return new(Params), nil
	}
	if r.ContentLength > MaxForm {
		return nil, tooLarge()
	}
	buf := buffers.Get().(*[]byte)
	defer giveBack(buf)
	var err error
	if *buf, err = readAll(r.Body, (*buf)[:0]); err != nil {
		return nil, err
	}
	return parse(*buf, repeatable)
}

// ParseQuery reads the parameters of a query string, as the authorization endpoint gets them, by the same rules.
func ParseQuery(raw string, repeatable ...string) (*Params, error) {
	if len(raw) > MaxForm {
		return nil, tooLarge()
	}
	buf := buffers.Get().(*[]byte)
	defer giveBack(buf)
	*buf = append((*buf)[:0], raw...)
	return parse(*buf, repeatable)
}

// ReadQueryOrForm reads the query of a GET (or HEAD) and the form of a POST: OpenID Connect Core 3.1.2.1 wants the
// authorization endpoint to take both.
func ReadQueryOrForm(r *http.Request, repeatable ...string) (*Params, error) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return ParseQuery(r.URL.RawQuery, repeatable...)
	case http.MethodPost:
		return ReadForm(r, repeatable...)
	}
	return nil, &BadRequest{http.StatusMethodNotAllowed, "the method must be GET or POST"}
}

// formType accepts exactly one header with the media type, with or without parameters such as charset.
func formType(h []string) bool {
	if len(h) != 1 {
		return false
	}
	if h[0] == "application/x-www-form-urlencoded" {
		return true
	}
	media, _, _ := strings.Cut(h[0], ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded")
}

func refuseCredentials(query string) error {
	p, err := ParseQuery(query)
	if err != nil {
		return err
	}
	for name := range p.All() {
		if credentials[name] {
			return bad("parameter " + name + " must not be in the URL")
		}
	}
	return nil
}

func tooLarge() error {
	return &BadRequest{http.StatusRequestEntityTooLarge, "the request is too large"}
}

// buffers hold request bodies while they are decoded. What comes out is copied.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// giveBack wipes what was read, since the next request gets the same memory, and lets go of unusually large buffers.
func giveBack(b *[]byte) {
	if cap(*b) > 8<<10 {
		return
	}
	clear(*b)
	buffers.Put(b)
}

func readAll(body io.Reader, buf []byte) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > MaxForm:
			return buf, tooLarge()
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, unreadable(err)
		}
	}
}

func unreadable(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge()
	}
	return bad("the request body could not be read")
}

// parse decodes b in place (decoding never makes it longer), copies it once into a string, and cuts names and values
// out of that.
func parse(b []byte, repeatable []string) (*Params, error) {
	p := new(Params)
	p.pairs = p.first[:0]
	type span struct{ name, value, end int } // name is [name:value], value [value:end] of the decoded bytes
	var few [len(p.first)]span
	spans := few[:0]
	w, seen := 0, 0
	for i := 0; i < len(b); {
		if b[i] == '&' { // net/url skips empty parts, and so do we
			i++
			continue
		}
		if seen++; seen > maxParams {
			return nil, bad("the request has too many parameters")
		}
		s := span{name: w}
		var err error
		if w, i, err = decode(b, w, i, '='); err != nil {
			return nil, err
		}
		s.value = w
		if i < len(b) && b[i] == '=' {
			if w, i, err = decode(b, w, i+1, '&'); err != nil {
				return nil, err
			}
		}
		// RFC 6749 3.1: a parameter without a value is treated as if it had been left out.
		if s.end = w; s.end > s.value {
			spans = append(spans, s)
		} else {
			w = s.name
		}
	}
	text := string(b[:w])
	for _, s := range spans {
		next := pair{text[s.name:s.value], text[s.value:s.end]}
		if p.Has(next.name) && !listed(repeatable, next.name) {
			return nil, bad(twice(next.name))
		}
		p.pairs = append(p.pairs, next)
	}
	return p, nil
}

// decode undoes the encoding of b from i up to stop or the next &, writing to b from w on. It returns where it stopped
// writing and reading.
func decode(b []byte, w, i int, stop byte) (int, int, error) {
	start, ascii := w, true
	for ; i < len(b); i++ {
		c := b[i]
		switch c {
		case stop, '&':
			return w, i, valid(b[start:w], ascii)
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(b) {
				return w, i, bad("the request has a broken percent-encoding")
			}
			hi, lo := nibble[b[i+1]], nibble[b[i+2]]
			if hi|lo > 15 {
				return w, i, bad("the request has a broken percent-encoding")
			}
			c, i = hi<<4|lo, i+2
		case ';': // a separator to some parsers: what two readers read differently is not accepted
			return w, i, bad("the request has an unencoded semicolon")
		}
		if c == 0 {
			return w, i, bad("the request has a NUL character")
		}
		if c >= utf8.RuneSelf {
			ascii = false
		}
		b[w] = c
		w++
	}
	return w, i, valid(b[start:w], ascii)
}

func valid(b []byte, ascii bool) error {
	if ascii || utf8.Valid(b) {
		return nil
	}
	return bad("the request is not valid UTF-8")
}

// nibble is the value of a hexadecimal digit, 255 for anything else.
var nibble = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i, c := range "0123456789abcdef" {
		t[c] = byte(i)
		t[strings.ToUpper(string(c))[0]] = byte(i)
	}
	return
}()

func listed(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// twice names the parameter only if it looks like one of a specification, so that nothing of the request is echoed.
func twice(name string) string {
	if len(name) <= 40 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == "" {
		return "parameter " + name + " is given more than once"
	}
	return "a parameter is given more than once"
}
