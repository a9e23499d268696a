package page_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/ui/page"
	"github.com/curfew-id/curfew/ui/page/pagetest"
	"github.com/curfew-id/curfew/ui/static"
)

func get(method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	page.Static().ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestStaticFilesOfEveryPage(t *testing.T) {
	rd := renderer(t, page.Brand{})
	seen := map[string]bool{}
	for _, s := range pagetest.Samples() {
		for _, n := range parse(t, render(t, rd, s.Status, s.Page, "en").Body.String()) {
			for _, key := range []string{"href", "src"} {
				if u, _ := attr(n, key); n.Data != "a" && n.Data != "img" && strings.HasPrefix(u, page.StaticPath) {
					seen[u] = true
				}
			}
		}
	}
	var frame strings.Builder
	if err := (page.CheckSession{}).Write(&frame); err != nil { // of relying parties, not one of the pages
		t.Fatal(err)
	}
	for _, n := range parse(t, frame.String()) {
		if u, _ := attr(n, "src"); n.Data == "script" {
			seen[u] = true
		}
	}
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	for u := range seen {
		w := get(http.MethodGet, u)
		if w.Code != 200 || w.Body.Len() == 0 {
			t.Errorf("%s: %d", u, w.Code)
		}
		if got, want := w.Header().Get("Cache-Control"), "public, max-age=31536000, immutable"; got != want {
			t.Errorf("%s: Cache-Control %q, want %q", u, got, want)
		}
		if got, want := w.Header().Get("Content-Type"), kinds[u[strings.LastIndex(u, "."):]]; got != want {
			t.Errorf("%s: Content-Type %q, want %q", u, got, want)
		}
	}
	files, err := static.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	// All but the dial, which is for the README and for operators.
	if len(seen) != len(files)-1 {
		t.Errorf("pages load %d of %d static files: %v", len(seen), len(files), seen)
	}
}

func TestStatic(t *testing.T) {
	for _, c := range []struct {
		method, path string
		status       int
		cache        string
	}{
		{"GET", "/static/curfew.css", 200, "no-cache"},
		{"HEAD", "/static/curfew.css", 200, "no-cache"},
		{"GET", "/static/curfew.000000000000.css", 200, "no-cache"}, // another replica's
		{"GET", "/static/absent.css", 404, ""},
		{"GET", "/static/doc.go", 404, ""},
		{"GET", "/static/", 404, ""},
		{"GET", "/static/../doc.go", 404, ""},
		{"POST", "/static/curfew.css", 405, ""},
	} {
		w := get(c.method, c.path)
		if got := w.Header().Get("Cache-Control"); w.Code != c.status || got != c.cache {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, w.Code, got, c.status, c.cache)
		}
	}
	etag := get("GET", "/static/curfew.css").Header().Get("ETag")
	r := httptest.NewRequest("GET", "/static/curfew.css", nil)
	r.Header.Set("If-None-Match", etag)
	w := httptest.NewRecorder()
	page.Static().ServeHTTP(w, r)
	if w.Code != 304 {
		t.Errorf("with its ETag: %d, want 304", w.Code)
	}
}

var property = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`)

// WCAG 2.2, 1.4.3: text 4.5 to 1; 1.4.11: edges of controls and the focus 3 to 1.
func TestContrast(t *testing.T) {
	css, err := static.Files.ReadFile("curfew.css")
	if err != nil {
		t.Fatal(err)
	}
	light, rest, _ := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	dark, _, _ := strings.Cut(rest, "/* ---- Ground")
	for scheme, part := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]string{}
		for _, m := range property.FindAllStringSubmatch(part, -1) {
			colours[m[1]] = m[2]
		}
		for pair, least := range map[string]float64{
			"ink on ground": 4.5, "ink on panel": 4.5, "ink on sunk": 4.5, "ink on accent-soft": 4.5,
			"ink-soft on ground": 4.5, "ink-soft on ground-high": 4.5, "ink-soft on panel": 4.5, "ink-soft on sunk": 4.5,
			"action-ink on action": 4.5, "action-ink on action-hover": 4.5,
			"accent on panel": 4.5, "accent on ground": 4.5, "accent on accent-soft": 4.5, "accent on sunk": 4.5,
			"bad on panel": 4.5, "bad on bad-soft": 4.5, "good on panel": 4.5, "good on good-soft": 4.5,
			"line-strong on panel": 3, "line-strong on ground": 3, "accent on action-ink": 3,
		} {
			ink, ground, _ := strings.Cut(pair, " on ")
			got, err := contrast(colours[ink], colours[ground])
			if err != nil {
				t.Errorf("%s: %s: %v", scheme, pair, err)
			} else if got < least {
				t.Errorf("%s: %s is %.2f, want %.1f", scheme, pair, got, least)
			}
		}
	}
}

// contrast is the ratio of WCAG 2.2, "contrast ratio", of two colours in hex.
func contrast(a, b string) (float64, error) {
	x, err := luminance(a)
	if err != nil {
		return 0, err
	}
	y, err := luminance(b)
	if err != nil {
		return 0, err
	}
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05), nil
}

func luminance(hex string) (float64, error) {
	if len(hex) != 6 {
		return 0, fmt.Errorf("no colour: %q", hex)
	}
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			return 0, err
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l, nil
}
