package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/dev"
	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/ui/admin"
)

// console signs the seeded administrator in to the console: password and authenticator.
func (h *house) console(p *browser.Page) {
	p.Go(h.Info.Issuer + "/admin")
	h.signIn(p, theAdmin)
	p.WaitURL(h.Info.Issuer + "/admin")
	p.WaitText("Overview")
}

// operator is an owner at the console of a house of their own. Steps go on from wherever their browser stands.
type operator struct {
	*house
	*browser.Page
	t        *testing.T
	database string // address or file, for what only somebody with the database can do
	plain    bool   // the browser runs no scripts
	axe      string // checks each page; "" where another run of the journey does

	seen  map[string]bool // pages that were looked at, by their patterns
	asked *patterns       // what the browser asked for with success
}

// patterns collects the routes of requests from the request log.
type patterns struct {
	slog.Handler
	mu   sync.Mutex
	good map[string]bool
}

func (p *patterns) Enabled(context.Context, slog.Level) bool { return true }

func (p *patterns) Handle(_ context.Context, r slog.Record) error {
	route, status := "", int64(0)
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "route":
			route = a.Value.String()
		case "status":
			status = a.Value.Int64()
		}
		return true
	})
	if r.Message == "request" && (status == http.StatusSeeOther || status == http.StatusOK) {
		p.mu.Lock()
		p.good[route] = true
		p.mu.Unlock()
	}
	return nil
}

func (p *patterns) WithAttrs([]slog.Attr) slog.Handler { return p }
func (p *patterns) WithGroup(string) slog.Handler      { return p }

func (p *patterns) has(route string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.good[route]
}

// startOperator serves a house and signs its seeded administrator, who is an owner, in.
func startOperator(t *testing.T, database string, plain, look bool) *operator {
	t.Helper()
	o := &operator{t: t, database: database, plain: plain, seen: map[string]bool{}, asked: &patterns{good: map[string]bool{}}}
	o.house = start(t, database, func(d *dev.Options) { d.Log, d.Requests = slog.New(o.asked), httpx.LogAll })
	o.Page = browser.New(t, browser.Options{NoScript: plain})
	if look {
		o.axe = axe(t)
	}
	o.house.console(o.Page)
	return o
}

// open goes to a page of the provider's.
func (o *operator) open(path string) {
	o.t.Helper()
	o.Go(o.Info.Issuer + path)
}

// see looks at the page as it stands, by axe too, where this run does that.
func (o *operator) see(name string) {
	o.t.Helper()
	at, err := url.Parse(o.URL())
	if err != nil {
		o.t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, pattern := range admin.Patterns() {
		mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
	}
	_, pattern := mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: at.Path}})
	o.seen[pattern] = true
	if o.axe != "" {
		accessibleIn(o.t, o.axe, o.Page, "console-"+name, opposite)
	}
}

// until loads the page again until it says something: what comes in later needs a look without scripts, and pages that do not
// live need one in any case.
func (o *operator) until(text string) {
	o.t.Helper()
	reload(o.t, o.Page, text)
}

// live waits until the page says something, by itself where it runs scripts.
func (o *operator) live(text string) {
	o.t.Helper()
	if o.plain {
		o.until(text)
		return
	}
	o.WaitText(text)
}

func (o *operator) says(text string) bool {
	o.t.Helper()
	return says(o.Page, text)
}

func says(p *browser.Page, text string) bool {
	return strings.Contains(browser.Eval[string](p, "document.body.innerText"), text)
}

func reload(t *testing.T, p *browser.Page, text string) {
	t.Helper()
	for began := time.Now(); !says(p, text); p.Go(strings.SplitN(p.URL(), "#", 2)[0]) {
		if time.Since(began) > time.Minute {
			p.WaitText(text) // says where it stands
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// post sends the form that leads to where action ends.
func (o *operator) post(action string) {
	o.t.Helper()
	o.Click("form[action$='" + action + "'] button")
}

// sure sends a form, is asked, looks at the question, and answers yes.
func (o *operator) sure(action, question, done string) {
	o.t.Helper()
	o.post(action)
	o.WaitText(question)
	o.see("confirm")
	submitDanger(o.Page)
	o.WaitText(done)
}

// pick chooses an option of a select.
func (o *operator) pick(name, value string) {
	o.t.Helper()
	sel := strconv.Quote("main select[name=" + name + "]")
	if got := browser.Eval[string](o.Page, fmt.Sprintf("(() => { const s = document.querySelector(%s); s.value = %q; return s.value })()", sel, value)); got != value {
		o.t.Fatalf("%s has no %q", name, value)
	}
}

// show narrows a list by the filters above it.
func (o *operator) show() {
	o.t.Helper()
	o.Click("main form.filter button")
}

// write puts a long text into a field at once.
func (o *operator) write(selector, text string) {
	o.t.Helper()
	browser.Eval[bool](o.Page, fmt.Sprintf("(document.querySelector(%q).value = %q, true)", selector, text))
}

// value is what stands in a field.
func (o *operator) value(selector string) string {
	o.t.Helper()
	return browser.Eval[string](o.Page, fmt.Sprintf("document.querySelector(%q).value", selector))
}

// person is another browser, which runs scripts.
func (o *operator) person() *browser.Page { return browser.New(o.t, browser.Options{}) }

// gone waits until a browser that shows an account has left it by itself.
func (o *operator) gone(p *browser.Page) {
	o.t.Helper()
	p.WaitURL(o.Info.Issuer + "/signin/")
}

// metadata types JSON into a tier of the user whose page it is, and saves it.
func (o *operator) metadata(tier, json string) {
	o.t.Helper()
	form := "form[action$='/metadata']:has(input[value=" + tier + "])"
	if !browser.Eval[bool](o.Page, fmt.Sprintf("document.querySelector(%q).closest('details').open", form)) {
		o.Click("details:has(input[value=" + tier + "]) > summary")
	}
	o.Fill(form+" textarea", json)
	o.Click(form + " button")
}

// covers fails the test for pages and acts of an area that its journey has left out. Each route is of the area whose prefix is
// the longest: one that is added falls to somebody.
func (o *operator) covers(of area) {
	o.t.Helper()
	for _, pattern := range admin.Patterns() {
		if areaOf(pattern) != of.name {
			continue
		}
		if method, _, _ := strings.Cut(pattern, " "); method == http.MethodGet && !o.seen[pattern] || !o.asked.has(pattern) {
			o.t.Errorf("the journey %s leaves out %s", of.name, pattern)
		}
	}
}

func areaOf(pattern string) (name string) {
	_, path, _ := strings.Cut(pattern, " ")
	longest := -1
	for _, a := range areas {
		for _, prefix := range a.below {
			if strings.HasPrefix(path, prefix) && len(prefix) > longest {
				name, longest = a.name, len(prefix)
			}
		}
	}
	return name
}

// rows counts what a selector finds.
func (o *operator) rows(selector string) int {
	o.t.Helper()
	return browser.Eval[int](o.Page, fmt.Sprintf("document.querySelectorAll(%q).length", selector))
}

// texts are what the elements say that a selector finds.
func (o *operator) texts(selector string) []string {
	o.t.Helper()
	return slices.DeleteFunc(browser.Eval[[]string](o.Page, fmt.Sprintf("[...document.querySelectorAll(%q)].map((e) => e.textContent.trim())", selector)),
		func(s string) bool { return s == "" })
}

// demoAgain signs a seeded user in to the demo, who has consented before.
func (o *operator) demoAgain(p *browser.Page) {
	o.t.Helper()
	o.toDemo(p)
	signIn(p, theUser, o.Info.User(theUser).Password)
	o.inDemo(p, theUser)
}
