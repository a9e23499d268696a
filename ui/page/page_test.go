package page_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/curfew-id/curfew/ui/locale"
	"github.com/curfew-id/curfew/ui/page"
	"github.com/curfew-id/curfew/ui/page/pagetest"
	"github.com/curfew-id/curfew/ui/template"
)

func renderer(t *testing.T, b page.Brand) *page.Renderer {
	t.Helper()
	rd, err := page.New(page.Options{Brand: b})
	if err != nil {
		t.Fatal(err)
	}
	return rd
}

// render returns the response with p for a browser that asks for lang.
func render(t *testing.T, rd *page.Renderer, status int, p page.Page, lang string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Language", lang)
	if err := rd.Render(w, r, status, p); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestSamplesInEveryLanguage(t *testing.T) {
	rd := renderer(t, page.Brand{})
	if len(rd.Languages()) < 2 {
		t.Fatalf("languages %v, want at least en and de", rd.Languages())
	}
	for _, lang := range rd.Languages() {
		for _, s := range pagetest.Samples() {
			t.Run(lang+"/"+s.Name, func(t *testing.T) {
				w := render(t, rd, s.Status, s.Page, lang)
				if w.Code != s.Status {
					t.Errorf("status %d, want %d", w.Code, s.Status)
				}
				for _, fault := range check(t, w.Body.String(), lang) {
					t.Error(fault)
				}
			})
		}
	}
}

func TestEveryTemplateHasASample(t *testing.T) {
	files, err := fs.Glob(template.Files, "*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("templates: %v, %v", files, err)
	}
	sampled := map[string]bool{}
	for _, s := range pagetest.Samples() {
		if sampled[s.Name] {
			t.Errorf("two samples are named %s", s.Name)
		}
		sampled[s.Name] = true
		name, _, _ := strings.Cut(s.Name, "-")
		sampled[name] = true
	}
	for _, f := range files {
		if name := strings.TrimSuffix(f, ".html"); !sampled[name] {
			t.Errorf("no sample of %s", name)
		}
	}
}

// A check that finds nothing proves nothing: each of its rules is shown a fault.
func TestCheckFindsFaults(t *testing.T) {
	const begin, end = `<!doctype html><html lang="en" dir="ltr"><head><title>x</title></head><body>`, `</body></html>`
	for name, c := range map[string]string{
		"no h1":           `<p>x</p>`,
		"two h1":          `<h1>a</h1><h1>b</h1>`,
		"inline style":    `<h1 style="color:red">a</h1>`,
		"inline script":   `<h1>a</h1><script>1</script>`,
		"style element":   `<h1>a</h1><style>a{}</style>`,
		"handler":         `<h1 onclick="x()">a</h1>`,
		"no label":        `<h1>a</h1><form action="/x"><input name="q" type="text" autocomplete="off"></form>`,
		"no autocomplete": `<h1>a</h1><form action="/x"><label for="q">q</label><input id="q" name="q" type="text"></form>`,
		"wrong complete":  `<h1>a</h1><form action="/x"><label for="q">q</label><input id="q" name="password" type="password" autocomplete="off"></form>`,
		"missing text":    `<h1>⟦a.b⟧</h1>`,
		"blanked URL":     `<h1>a</h1><a href="#ZgotmplZ">b</a>`,
		"empty button":    `<h1>a</h1><button> </button>`,
		"no action":       `<h1>a</h1><form action=""></form>`,
		"double id":       `<h1 id="a">a</h1><p id="a">b</p>`,
		"dangling":        `<h1 aria-describedby="z">a</h1>`,
		"no alt":          `<h1>a</h1><img src="/x">`,
	} {
		if len(check(t, begin+c+end, "en")) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
	if faults := check(t, begin+"<h1>a</h1>"+end, "de"); len(faults) == 0 {
		t.Error("wrong lang: not found")
	}
	if faults := check(t, begin+"<h1>a</h1>"+end, "en"); len(faults) != 0 {
		t.Errorf("a right page has faults: %v", faults)
	}
}

func TestLanguages(t *testing.T) {
	rd := renderer(t, page.Brand{})
	set, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	w := render(t, rd, 200, page.Identifier{Base: page.Base{Locales: []string{"de-CH"}}}, "en")
	if got := w.Header().Get("Content-Language"); got != "de" {
		t.Errorf("ui_locales=de-CH with Accept-Language en: %s, want de", got)
	}
	// One renderer, two languages at once: neither may see the other's words.
	done := make(chan error)
	for _, lang := range rd.Languages() {
		go func() {
			want := set.Match([]string{lang}, "").T("identifier.title")
			for range 200 {
				w := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.Header.Set("Accept-Language", lang)
				if err := rd.Render(w, r, 200, page.Identifier{}); err != nil {
					done <- err
					return
				}
				if !strings.Contains(w.Body.String(), "<h1>"+want+"</h1>") {
					done <- fmt.Errorf("%s: no %q in the page", lang, want)
					return
				}
			}
			done <- nil
		}()
	}
	for range rd.Languages() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// parse returns the document and every element in it.
func parse(t *testing.T, body string) []*html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}
