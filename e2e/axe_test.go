package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/ui/page"
	"github.com/curfew-id/curfew/ui/page/pagetest"
)

// axe is axe-core, as npm ci installs it.
func axe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile("npm/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing: npm ci --prefix e2e/npm (%v)", err)
	}
	return string(script)
}

// violation is a rule that a page breaks, with where.
type violation struct {
	ID    string   `json:"id"`
	Help  string   `json:"help"`
	Nodes []string `json:"nodes"`
}

// run checks the page as it stands against every rule but those that axe itself calls experimental. The frames of other
// sites are theirs.
const run = `axe.run(document, {resultTypes: ["violations"], iframes: false}).then(r => ({passed: r.passes.length,
	broken: r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => n.html + " " + (n.any[0]?.message ?? ""))}))}))`

// accessible checks the page as it stands, in every look.
func accessible(t *testing.T, script string, p *browser.Page, name string) {
	t.Helper()
	accessibleIn(t, script, p, name, looks)
}

func accessibleIn(t *testing.T, script string, p *browser.Page, name string, looks []look) {
	t.Helper()
	browser.Eval[bool](p, script+";true")
	inLooks(t, p, name, looks, func(l look) {
		result := browser.Eval[struct {
			Passed int         `json:"passed"`
			Broken []violation `json:"broken"`
		}](p, run)
		if result.Passed < 10 { // any page passes more than that
			t.Errorf("%s, %s: only %d rules applied", name, l.name, result.Passed)
		}
		for _, v := range result.Broken {
			t.Errorf("%s, %s: %s (%s) at %s", name, l.name, v.ID, v.Help, strings.Join(v.Nodes, "\n\t"))
		}
	})
}

// TestTour checks every page as a person comes by it.
func TestTour(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	script := axe(t)
	tour(t, h, p, func(page string) {
		if strings.HasPrefix(page, "mailbox") { // loads itself again while it is looked at: the samples have it
			everyLook(t, p, page, func(look) {})
			return
		}
		accessible(t, script, p, page)
	})
}

var (
	refresh = regexp.MustCompile(`<meta http-equiv="refresh" content="([0-9]+)(?:;url=[^"]*)?">`)
	// refreshing are the pages that go on by themselves after a while, which axe would call a violation (WCAG 2.2.1):
	// the mailbox of development, and the page after sign-out, which has said by then what it has to say.
	refreshing = []string{"mail_list", "mail_list-none", "signed_out-continue", "impersonate_stopped"}
)

// TestSamples checks the samples of every page, and that the longer German words fit. They are served without what makes
// a page go on by itself, because axe looks at pages that stand still; which of them do is checked here instead.
func TestSamples(t *testing.T) {
	t.Parallel()
	pages, err := page.New(page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	samples := pagetest.Samples()
	mux := http.NewServeMux()
	mux.Handle(page.StaticPath, page.Static())
	mux.HandleFunc("/oauth/sessions/events", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/account/sessions/live", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/{name}", func(w http.ResponseWriter, r *http.Request) {
		i := slices.IndexFunc(samples, func(s pagetest.Sample) bool { return s.Name == r.PathValue("name") })
		if i < 0 {
			http.NotFound(w, r)
			return
		}
		rec := httptest.NewRecorder()
		if err := pages.Render(rec, r, samples[i].Status, samples[i].Page); err != nil {
			t.Error(err)
		}
		body := rec.Body.String()
		found := refresh.FindStringSubmatch(body)
		if later := found != nil && found[1] != "0"; later != slices.Contains(refreshing, samples[i].Name) {
			t.Errorf("%s refreshes by itself: %t", samples[i].Name, later)
		}
		body = strings.Replace(strings.Replace(refresh.ReplaceAllString(body, ""), " data-submit", "", 1), " data-continue", "", 1)
		for _, name := range []string{"Content-Type", "Content-Security-Policy"} {
			w.Header().Set(name, rec.Header().Get(name))
		}
		_, _ = w.Write([]byte(body))
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	p, german := browser.New(t, browser.Options{}), browser.New(t, browser.Options{Locale: "de"})
	for _, b := range []*browser.Page{p, german} {
		b.Allow("https://notes.example.com/") // what samples name is not there
	}
	script := axe(t)
	in := opposite
	if *album != "" {
		in = looks
	}
	for _, s := range samples {
		p.Go(srv.URL + "/" + s.Name)
		accessibleIn(t, script, p, s.Name, in)
		german.Go(srv.URL + "/" + s.Name)
		inLooks(t, german, s.Name+"-de", in, func(look) {})
	}
}
