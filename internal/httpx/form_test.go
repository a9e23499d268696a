package httpx

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const formMedia = "application/x-www-form-urlencoded"

func post(target, media, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	return r
}

func TestReadForm(t *testing.T) {
	tests := []struct {
		name, body string
		want       url.Values
	}{
		{"plain", "grant_type=refresh_token&refresh_token=abc", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"abc"}}},
		{"encoded", "scope=openid+email%20x&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb%3Fa%3Db%26c", url.Values{"scope": {"openid email x"}, "redirect_uri": {"https://app.example.com/cb?a=b&c"}}},
		{"encoded name", "gr%61nt_type=x", url.Values{"grant_type": {"x"}}},
		{"equals in the value", "a=b=c==", url.Values{"a": {"b=c=="}}},
		{"empty value is left out", "a=&b&c=1&a=2", url.Values{"c": {"1"}, "a": {"2"}}},
		{"empty parts", "&&a=1&&&b=2&", url.Values{"a": {"1"}, "b": {"2"}}},
		{"utf-8", "name=J%C3%BCrgen+ü", url.Values{"name": {"Jürgen ü"}}},
		{"repeatable", "resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb", url.Values{"resource": {"https://a", "https://b"}}},
		{"nothing", "", url.Values{}},
		{"more than fit the first array", many(40), parsed(many(40))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ReadForm(post("/oauth/token?lang=de", formMedia+"; charset=UTF-8", tt.body), "resource")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, p.Values()); diff != "" {
				t.Error(diff)
			}
			for name, list := range tt.want {
				if p.Get(name) != list[0] || !p.Has(name) || !cmp.Equal(p.List(name), list) {
					t.Errorf("%s: Get %q, List %q, want %q", name, p.Get(name), p.List(name), list)
				}
			}
			if p.Get("absent") != "" || p.Has("absent") || p.List("absent") != nil {
				t.Error("an absent parameter is there")
			}
		})
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&p%d=v%d", i, i)
	}
	return b.String()
}

func parsed(s string) url.Values { v, _ := url.ParseQuery(s); return v }

func TestReadFormRefuses(t *testing.T) {
	get := httptest.NewRequest(http.MethodGet, "/oauth/token", nil)
	two := post("/", formMedia, "a=1")
	two.Header.Add("Content-Type", formMedia)
	limited := post("/", formMedia, strings.Repeat("a", 100))
	limited.Body = http.MaxBytesReader(nil, limited.Body, 10)
	huge := post("/", formMedia, strings.Repeat("a", MaxForm+1))
	unknownLength := post("/", formMedia, strings.Repeat("a", MaxForm+1))
	unknownLength.ContentLength = -1
	tests := []struct {
		name   string
		r      *http.Request
		status int
		text   string
	}{
		{"method", get, 405, "method"},
		{"no content type", post("/", "", "a=1"), 400, "content type"},
		{"json", post("/", "application/json", "{}"), 400, "content type"},
		{"longer media type", post("/", formMedia+"-x", "a=1"), 400, "content type"},
		{"two content types", two, 400, "content type"},
		{"too large", huge, 413, "too large"},
		{"too large, length unknown", unknownLength, 413, "too large"},
		{"over an outer limit", limited, 413, "too large"},
		{"duplicate", post("/", formMedia, "client_id=a&client_id=a"), 400, "parameter client_id is given more than once"},
		{"duplicate in two spellings", post("/", formMedia, "code=a&c%6Fde=b"), 400, "parameter code is given"},
		{"duplicate of an unknown one", post("/", formMedia, "\"><=a&\"><=b"), 400, "a parameter is given"},
		{"too many", post("/", formMedia, many(65)), 400, "too many"},
		{"NUL", post("/", formMedia, "a=%00"), 400, "NUL"},
		{"raw NUL", post("/", formMedia, "a=\x00"), 400, "NUL"},
		{"NUL in the name", post("/", formMedia, "a%00b=1"), 400, "NUL"},
		{"invalid UTF-8", post("/", formMedia, "a=%ff"), 400, "UTF-8"},
		{"UTF-8 split between name and value", post("/", formMedia, "a%c3=%bc"), 400, "UTF-8"},
		{"surrogate", post("/", formMedia, "a=%ED%A0%80"), 400, "UTF-8"},
		{"overlong", post("/", formMedia, "a=%C0%AF"), 400, "UTF-8"},
		{"cut escape", post("/", formMedia, "a=%4"), 400, "percent"},
		{"lone percent", post("/", formMedia, "a=%"), 400, "percent"},
		{"not hexadecimal", post("/", formMedia, "a=%zz"), 400, "percent"},
		{"semicolon", post("/", formMedia, "a=1;b=2"), 400, "semicolon"},
		{"client secret in the query", post("/?client_secret=x", formMedia, "a=1"), 400, "parameter client_secret must not be in the URL"},
		{"token in the query, encoded", post("/?t%6Fken=x", formMedia, "a=1"), 400, "parameter token must not"},
		{"broken query", post("/?%zz", formMedia, "a=1"), 400, "percent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ReadForm(tt.r, "resource")
			var b *BadRequest
			if !errors.As(err, &b) || p != nil {
				t.Fatalf("got %v, %v", p, err)
			}
			if b.Status != tt.status || !strings.Contains(b.Text, tt.text) {
				t.Errorf("%d %q, want %d %q", b.Status, b.Text, tt.status, tt.text)
			}
			for _, c := range []byte(b.Text) { // RFC 6749 5.2
				if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
					t.Errorf("%q is not fit for an error_description", b.Text)
				}
			}
		})
	}
}

func TestReadQueryOrForm(t *testing.T) {
	p, err := ReadQueryOrForm(httptest.NewRequest(http.MethodGet, "/oauth/authorize?client_id=a&scope=openid+x", nil))
	if err != nil || p.Get("client_id") != "a" || p.Get("scope") != "openid x" || p.Len() != 2 {
		t.Errorf("%v, %v", p, err)
	}
	p, err = ReadQueryOrForm(post("/oauth/authorize", formMedia, "client_id=b"))
	if err != nil || p.Get("client_id") != "b" {
		t.Errorf("%v, %v", p, err)
	}
	if _, err = ReadQueryOrForm(httptest.NewRequest(http.MethodPut, "/oauth/authorize", nil)); err == nil {
		t.Error("PUT was accepted")
	}
	if _, err = ParseQuery("state=a&state=b"); err == nil {
		t.Error("a duplicate was accepted")
	}
}

func TestParamsKeepQuiet(t *testing.T) {
	p, err := ParseQuery("password=hunter2secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(p), fmt.Sprintf("%+v", p), fmt.Sprintf("%#v", p), fmt.Sprintf("%x", p), p.LogValue().String()} {
		if strings.Contains(s, "hunter2secret") {
			t.Errorf("%q has the password", s)
		}
	}
}

// TestBuffersAreWiped fails if a value of one request can be seen in the buffer that the next one gets.
func TestBuffersAreWiped(t *testing.T) {
	if _, err := ReadForm(post("/", formMedia, "client_secret=leftover")); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		b := buffers.Get().(*[]byte)
		if strings.Contains(string((*b)[:cap(*b)]), "leftover") {
			t.Fatal("a buffer was given back with a secret in it")
		}
	}
}

// FuzzParse compares with net/url: whatever we accept, it reads the same, but for what we leave out or refuse on purpose.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a=b&c=d", "a=%41+b", "a=&b", "=x", "a=b=c", "&&", "a=%", "a;b", "x=%c3%bc", "a=1&a=2", many(70)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, stdErr := url.ParseQuery(s)
		p, err := ParseQuery(s)
		if err != nil {
			var b *BadRequest
			if !errors.As(err, &b) {
				t.Fatalf("%q: %T", s, err)
			}
			return
		}
		if stdErr != nil {
			t.Fatalf("%q: accepted, but net/url says %v", s, stdErr)
		}
		for name, list := range want {
			kept := list[:0]
			for _, v := range list {
				if v != "" {
					kept = append(kept, v)
				}
			}
			if want[name] = kept; len(kept) == 0 {
				delete(want, name)
			}
		}
		if diff := cmp.Diff(want, p.Values()); diff != "" {
			t.Fatalf("%q: %s", s, diff)
		}
	})
}

const refreshBody = "grant_type=refresh_token&refresh_token=rt_01jc3v9k7h2m5n8p0q4r6s8t1w.3.Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MTIzNA" +
	"&client_id=app_01jc3v9k7h2m5n8p0q4r6s8t1w&scope=openid+profile+email"

type rewinding struct{ *strings.Reader }

func (rewinding) Close() error { return nil }

func BenchmarkReadForm(b *testing.B) {
	r := post("/oauth/token", formMedia, refreshBody)
	body := rewinding{strings.NewReader(refreshBody)}
	r.Body = body
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(refreshBody)
		if p, err := ReadForm(r); err != nil || p.Len() != 4 {
			b.Fatal(err)
		}
	}
}

func BenchmarkStdParseForm(b *testing.B) {
	r := post("/oauth/token", formMedia, refreshBody)
	body := rewinding{strings.NewReader(refreshBody)}
	r.Body = body
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(refreshBody)
		r.Form, r.PostForm = nil, nil
		if err := r.ParseForm(); err != nil || len(r.PostForm) != 4 {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseQuery(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseQuery(refreshBody); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStdParseQuery(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := url.ParseQuery(refreshBody); err != nil {
			b.Fatal(err)
		}
	}
}
