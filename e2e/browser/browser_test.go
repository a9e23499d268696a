package browser

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// site is a small relying party: a form that answers with a redirect or with a page that sends the browser
// on, as the provider's pages do.
func site(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	page := func(path, csp, body string, status int) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", csp)
			w.WriteHeader(status)
			fmt.Fprintf(w, "<!doctype html><html lang=en><title>%s</title><link rel=icon href=data:,>%s", path, body)
		})
	}
	const strict = "default-src 'self'; img-src data: 'self'; form-action 'self'"
	page("/form", strict, `<form method=post action=/post>
		<input name=name value=old><select name=how><option>redirect<option>refresh</select><button>Send</button></form>`, 200)
	page("/done", strict, "<h1>Arrived</h1><p id=later hidden>Later</p><script src=/late.js></script>", 200)
	page("/refused", strict, "<h1>Wrong password</h1>", http.StatusUnauthorized)
	page("/broken", strict, "<h1>Broken</h1>", http.StatusInternalServerError)
	page("/inline-script", strict, "<h1>Inline</h1><script>document.title = 'ran'</script>", 200)
	page("/inline-style", strict, "<h1 style='color:red'>Inline</h1>", 200)
	page("/foreign-form", strict, "<form method=post action=http://other.example/><button>Send</button></form>", 200)
	page("/missing-image", strict, "<img src=/nothing.png>", 200)
	page("/throws", strict, "<script src=/throws.js></script>", 200)
	page("/says", strict, "<script src=/says.js></script>", 200)
	page("/noscript", strict, "<noscript><p>Without script</p></noscript><script src=/late.js></script>", 200)
	script := func(path, body string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, body)
		})
	}
	script("/late.js", "setTimeout(() => { document.getElementById('later').hidden = false }, 300)")
	script("/throws.js", "throw new Error('deliberate')")
	script("/says.js", "console.log('fine'); console.error('not', 'fine')")
	mux.HandleFunc("POST /post", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(400 * time.Millisecond) // longer than a page may be quiet: Click must not give up on it
		http.SetCookie(w, &http.Cookie{Name: "name", Value: r.FormValue("name"), HttpOnly: true, Path: "/"})
		if r.FormValue("how") == "redirect" {
			http.Redirect(w, r, "/done", http.StatusSeeOther)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><meta http-equiv=refresh content='0;url=/done'>Going on")
	})
	mux.HandleFunc("GET /language", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("Accept-Language"))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestForm(t *testing.T) {
	s := site(t)
	p := New(t, Options{})
	for _, how := range []string{"redirect", "refresh"} {
		p.Go(s.URL + "/form")
		if got := Eval[string](p, "document.querySelector('select').value = '"+how+"'"); got != how {
			t.Fatalf("selected %q", got)
		}
		p.Fill("input[name=name]", "Ada")
		p.Click("button")
		if got, want := p.URL(), s.URL+"/done"; got != want {
			t.Errorf("%s: at %s after the click, want %s", how, got, want)
		}
		if got := p.Text("h1"); got != "Arrived" {
			t.Errorf("%s: heading %q", how, got)
		}
		p.WaitText("Later")
		p.WaitURL(s.URL)
	}
	cookies := p.Cookies()
	if len(cookies) != 1 || cookies[0].Name != "name" || cookies[0].Value != "Ada" || !cookies[0].HTTPOnly {
		t.Errorf("cookies %+v", cookies)
	}
	if !p.Has("h1") || p.Has("h2") {
		t.Errorf("h1 %v, h2 %v", p.Has("h1"), p.Has("h2"))
	}
	p.Go(s.URL + "/form")
	Eval[any](p, "document.querySelector('input').focus()")
	p.Press("\n")
	if got, want := p.URL(), s.URL+"/done"; got != want {
		t.Errorf("at %s after Enter, want %s", got, want)
	}
}

func TestTabsShareCookiesAndBrowsersDoNot(t *testing.T) {
	s := site(t)
	p := New(t, Options{})
	p.Go(s.URL + "/form")
	p.Click("button")
	tab := p.Tab()
	tab.Go(s.URL + "/done")
	if n := len(tab.Cookies()); n != 1 {
		t.Errorf("the other tab has %d cookies", n)
	}
	if got := tab.Text("h1"); got != "Arrived" || p.URL() != tab.URL() {
		t.Errorf("heading %q at %s", got, tab.URL())
	}
	if n := len(New(t, Options{}).Cookies()); n != 0 {
		t.Errorf("another browser has %d cookies", n)
	}
}

func TestOptions(t *testing.T) {
	s := site(t)
	p := New(t, Options{Width: 390, Height: 844, Dark: true, Locale: "de"})
	p.Go(s.URL + "/language")
	if got := p.Text("body"); !strings.HasPrefix(got, "de") {
		t.Errorf("Accept-Language %q", got)
	}
	if got := Eval[string](p, "navigator.language"); got != "de" {
		t.Errorf("navigator.language %q", got)
	}
	if !Eval[bool](p, "matchMedia('(prefers-color-scheme: dark)').matches") {
		t.Error("not dark")
	}
	if got := Eval[int](p, "innerWidth"); got != 390 {
		t.Errorf("innerWidth %d", got)
	}
	path := filepath.Join(t.TempDir(), "new", "page.png")
	p.Screenshot(path)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if img, err := png.DecodeConfig(bytes.NewReader(data)); err != nil || img.Width != 390 {
		t.Errorf("picture of %d pixels, %v", img.Width, err)
	}
	light := New(t, Options{})
	if Eval[bool](light, "matchMedia('(prefers-color-scheme: dark)').matches") {
		t.Error("dark without being asked")
	}
}

func TestNoScript(t *testing.T) {
	s := site(t)
	p := New(t, Options{NoScript: true})
	p.Go(s.URL + "/noscript")
	p.WaitText("Without script")
	p.Go(s.URL + "/form")
	p.Fill("input", "Ada")
	p.Click("button")
	if got, want := p.URL(), s.URL+"/done"; got != want {
		t.Errorf("at %s, want %s", got, want)
	}
}

func TestProblems(t *testing.T) {
	s := site(t)
	for path, want := range map[string]string{
		"/done":          "",
		"/refused":       "",
		"/broken":        "status of 500",
		"/inline-script": "Content Security Policy",
		"/inline-style":  "Content Security Policy",
		"/foreign-form":  "form-action",
		"/missing-image": "status of 404",
		"/throws":        "deliberate",
		"/says":          "console: not fine",
	} {
		t.Run(path, func(t *testing.T) {
			p := New(t, Options{AllowErrors: true})
			p.Go(s.URL + path)
			if p.Has("button") {
				p.Click("button")
			}
			got := p.Problems()
			switch {
			case want == "" && len(got) > 0:
				t.Errorf("got %q, want none", got)
			case want != "" && (len(got) != 1 || !strings.Contains(got[0], want)):
				t.Errorf("got %q, want one with %q", got, want)
			}
			if p.Allow(want); len(p.Problems()) > 0 {
				t.Errorf("allowed, and still %q", p.Problems())
			}
		})
	}
}

// recorder is a test that is not this one, so that its failing can be looked at.
type recorder struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatal(args ...any) {
	r.errors = append(r.errors, fmt.Sprint(args...))
	panic(r)
}

func (r *recorder) end() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}

func TestAProblemFailsTheTest(t *testing.T) {
	s := site(t)
	r := &recorder{TB: t}
	New(r, Options{}).Go(s.URL + "/throws")
	r.end()
	if len(r.errors) != 1 || !strings.Contains(r.errors[0], "deliberate") {
		t.Errorf("got %q", r.errors)
	}
}

func TestMissingChromiumSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	r := &recorder{TB: t}
	func() {
		defer func() { _ = recover() }()
		New(r, Options{})
	}()
	if len(r.errors) != 1 || r.errors[0] != Missing || strings.Contains(Missing, "\n") {
		t.Errorf("got %q", r.errors)
	}
}
