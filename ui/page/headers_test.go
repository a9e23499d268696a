package page_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/ui/page"
)

// directive returns the values of one directive of a page's policy.
func directive(t *testing.T, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	for _, d := range strings.Split(w.Header().Get("Content-Security-Policy"), "; ") {
		if n, v, _ := strings.Cut(d, " "); n == name {
			return v
		}
	}
	return ""
}

func TestHeaders(t *testing.T) {
	w := render(t, renderer(t, page.Brand{}), 200, page.Identifier{}, "de")
	want := http.Header{
		"Cache-Control":           {"no-store"},
		"Content-Language":        {"de"},
		"Content-Length":          w.Header()["Content-Length"],
		"Content-Security-Policy": {"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
		"Content-Type":            {"text/html; charset=utf-8"},
		"Referrer-Policy":         {"same-origin"},
		"Vary":                    {"Accept-Language"},
		"X-Content-Type-Options":  {"nosniff"},
		"X-Frame-Options":         {"DENY"},
	}
	if d := cmp.Diff(want, w.Header()); d != "" {
		t.Errorf("headers (-want +got):\n%s", d)
	}
}

func TestPolicyOfPages(t *testing.T) {
	brand := page.Brand{Name: "Example", LogoURL: "https://cdn.example.com/logo.svg", StylesheetURL: "https://cdn.example.com/brand.css"}
	plain, branded := renderer(t, page.Brand{}), renderer(t, brand)
	consent := func(logo string) page.Page { return page.Consent{Client: page.Client{LogoURL: logo}} }
	for _, c := range []struct {
		name      string
		rd        *page.Renderer
		p         page.Page
		directive string
		want      string
	}{
		{"brand's stylesheet", branded, page.Identifier{}, "style-src", "'self' https://cdn.example.com"},
		{"brand's logo", branded, page.Identifier{}, "img-src", "'self' data: https://cdn.example.com"},
		{"client's logo", plain, consent("https://app.example.com:8443/l.png"), "img-src", "'self' data: https://app.example.com:8443"},
		{"own logo", plain, consent("/static/l.png"), "img-src", "'self' data:"},
		{"logo that injects", plain, consent("https://a;script-src *;/x"), "img-src", "'self' data:"},
		{"logo with a wildcard", plain, consent("https://*/x"), "img-src", "'self' data:"},
		{"logos of apps", plain, page.AccountApps{Apps: []page.ConnectedApp{
			{Client: page.Client{LogoURL: "https://a.example.com/1"}}, {Client: page.Client{LogoURL: "https://a.example.com/2"}},
		}}, "img-src", "'self' data: https://a.example.com"},
		{"form post", plain, page.FormPost{Action: "https://app.example.com/cb"}, "form-action", "https://app.example.com https:"},
		{"form post to loopback", plain, page.FormPost{Action: "http://127.0.0.1:8090/cb"}, "form-action", "http://127.0.0.1:8090 https: http:"},
		{"front-channel frames", plain, page.Identifier{Base: page.Base{Frames: []string{"https://a.example.com/o?sid=1", "https://b.example.com/o"}}}, "frame-src", "https://a.example.com https://b.example.com"},
		{"no frames", plain, page.SignedOut{}, "frame-src", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := render(t, c.rd, 200, c.p, "en")
			if got := directive(t, w, c.directive); got != c.want {
				t.Errorf("%s %q, want %q", c.directive, got, c.want)
			}
			if got := directive(t, w, "script-src"); got != "'self'" {
				t.Errorf("script-src %q", got)
			}
		})
	}
}

func TestReferrerPolicyOfPagesThatLeave(t *testing.T) {
	rd := renderer(t, page.Brand{})
	for _, p := range []page.Page{
		page.Return{URL: "https://app.example.com/cb"}, page.FormPost{Action: "https://app.example.com/cb"}, page.SignedOut{},
	} {
		w := render(t, rd, 200, p, "en")
		if got := w.Header().Get("Referrer-Policy"); got != "no-referrer" {
			t.Errorf("%T: Referrer-Policy %q, want no-referrer", p, got)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%T: Cache-Control %q, want no-store", p, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	w := render(t, renderer(t, page.Brand{}), 503, page.Error{Kind: page.ErrorUnavailable, RetryAfter: 5}, "en")
	if got := w.Header().Get("Retry-After"); got != "5" {
		t.Errorf("Retry-After %q, want 5", got)
	}
}

// What cannot be rendered leaves the response untouched, for another page.
func TestErrorSendsNothing(t *testing.T) {
	rd := renderer(t, page.Brand{})
	for _, url := range []string{"", "/relative", "javascript:alert(1)", " javascript:alert(1)", "JavaScript:x", "data:text/html,x", "vbscript:x", "http://[::1"} {
		w := httptest.NewRecorder()
		err := rd.Render(w, httptest.NewRequest(http.MethodGet, "/", nil), 200, page.Return{URL: url})
		if err == nil {
			t.Errorf("Return to %q was rendered", url)
		}
		if w.Body.Len() != 0 || len(w.Header()) != 0 {
			t.Errorf("Return to %q: sent %v %q", url, w.Header(), w.Body)
		}
	}
}

func TestReturnLeadsToTheClient(t *testing.T) {
	rd := renderer(t, page.Brand{})
	for _, url := range []string{
		"https://app.example.com/cb?code=a%2Bb&state=x;y'z&iss=https%3A%2F%2Fid.example.com",
		"https://app.example.com/cb#code=a&state=%22%3E",
		"com.example.app:/cb?code=a&state=b",
		"http://127.0.0.1:49152/cb?code=a",
	} {
		w := render(t, rd, 200, page.Return{URL: url}, "en")
		var refresh, href string
		for _, n := range parse(t, w.Body.String()) {
			if equiv, _ := attr(n, "http-equiv"); equiv == "refresh" {
				refresh, _ = attr(n, "content")
			}
			if n.Data == "a" {
				href, _ = attr(n, "href")
			}
		}
		// In the link the template engine writes ' as %27, which says the same.
		if strings.ReplaceAll(href, "%27", "'") != url || refresh != "0;url="+url {
			t.Errorf("%s: link %q, refresh %q", url, href, refresh)
		}
		if got := w.Header().Get("Referrer-Policy"); got != "no-referrer" {
			t.Errorf("Referrer-Policy %q", got)
		}
	}
}
