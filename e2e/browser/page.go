package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// Go opens url and waits until it and what it sends the browser on to have loaded.
func (p *Page) Go(url string) {
	p.tb.Helper()
	p.must("go to "+url, do(p, chromedp.Navigate(url)))
	p.must("go to "+url, p.loading.settle())
}

// Fill types value into the field that selector (CSS) finds, in place of what is in it, key by key.
func (p *Page) Fill(selector, value string) {
	p.tb.Helper()
	sel := chromedp.CSS(selector)
	p.must("fill "+selector, do(p, chromedp.WaitVisible(sel), chromedp.Clear(sel), chromedp.SendKeys(sel, value)))
}

// Click clicks the first element that selector (CSS) finds, and waits: when the click sends the browser
// somewhere, until it has arrived, otherwise a moment. What a script does later is for WaitText to wait for.
func (p *Page) Click(selector string) {
	p.tb.Helper()
	p.must("click "+selector, do(p, chromedp.Click(chromedp.CSS(selector))))
	p.must("click "+selector, p.loading.settle())
}

// Press types keys ("\n" is Enter, "\t" is Tab) to whatever has the focus, and waits as Click does.
func (p *Page) Press(keys string) {
	p.tb.Helper()
	p.must("press "+strconv.Quote(keys), do(p, chromedp.KeyEvent(keys)))
	p.must("press "+strconv.Quote(keys), p.loading.settle())
}

// WaitText waits until the visible text of the page contains text.
func (p *Page) WaitText(text string) {
	p.tb.Helper()
	p.waitUntil("text "+strconv.Quote(text), func() bool { return strings.Contains(p.body(), text) })
}

// WaitURL waits until the address of the page begins with prefix.
func (p *Page) WaitURL(prefix string) {
	p.tb.Helper()
	p.waitUntil("address "+prefix, func() bool {
		at, err := run(p, chromedp.Location())
		return err == nil && strings.HasPrefix(at, prefix)
	})
}

// Text returns the visible text of the first element that selector (CSS) finds, and waits for one.
func (p *Page) Text(selector string) string {
	p.tb.Helper()
	text, err := run(p, chromedp.Text(chromedp.CSS(selector)))
	p.must("read "+selector, err)
	return text
}

// Has reports whether the page holds an element that selector (CSS) finds, at this moment.
func (p *Page) Has(selector string) bool {
	p.tb.Helper()
	return Eval[bool](p, "document.querySelector("+strconv.Quote(selector)+") !== null")
}

// URL returns the address of the page.
func (p *Page) URL() string {
	p.tb.Helper()
	at, err := run(p, chromedp.Location())
	p.must("read the address", err)
	return at
}

// Cookies returns every cookie of the browser, whatever site it belongs to.
func (p *Page) Cookies() []*network.Cookie {
	p.tb.Helper()
	res, err := chromedp.Call(p.ctx, storage.GetCookies, storage.GetCookiesParams{})
	p.must("read cookies", err)
	return res.Cookies
}

// Screenshot writes a PNG of the whole page, and makes the directory where it is missing.
func (p *Page) Screenshot(path string) {
	p.tb.Helper()
	png, err := run(p, chromedp.FullScreenshot(100))
	p.must("take a picture", err)
	p.must("save a picture", os.MkdirAll(filepath.Dir(path), 0o755))
	p.must("save a picture", os.WriteFile(path, png, 0o644))
}

// Eval runs a JavaScript expression in the page, waits for it where it is a promise, and returns its value.
// It works on a NoScript page too.
func Eval[T any](p *Page, expression string) T {
	p.tb.Helper()
	value, err := run(p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	p.must("evaluate "+expression, err)
	return value
}

// do runs steps one after the other, each within patience.
func do(p *Page, steps ...chromedp.Action[chromedp.Void]) error {
	for _, step := range steps {
		if _, err := run(p, step); err != nil {
			return err
		}
	}
	return nil
}

// waitUntil asks again and again: a condition that lives in the page would end with the page.
func (p *Page) waitUntil(what string, reached func() bool) {
	p.tb.Helper()
	for deadline := time.After(patience); !reached(); {
		select {
		case <-deadline:
			p.must("wait for "+what, fmt.Errorf("not there after %v", patience))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// body returns the visible text of the page, empty while there is none.
func (p *Page) body() string {
	text, _ := run(p, chromedp.Evaluate[string]("document.body ? document.body.innerText : ''"))
	return text
}

// must ends the test when a step failed, and says where the browser stood.
func (p *Page) must(step string, err error) {
	p.tb.Helper()
	if err == nil {
		return
	}
	at, _ := run(p, chromedp.Location())
	text := []rune(strings.Join(strings.Fields(p.body()), " "))
	if len(text) > 600 {
		text = append(text[:600], '…')
	}
	p.tb.Fatalf("%s: %v\nat %s, which says: %s", step, err, at, string(text))
}
