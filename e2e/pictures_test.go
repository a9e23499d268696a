package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/curfew-id/curfew/e2e/browser"
)

var pictures = flag.String("pictures", "", "directory for the README's pictures; a temporary one if empty")

// The README's pictures are taken as the pages are. They are small enough to be loaded by everybody who looks at it.
func TestPictures(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	dir := *pictures
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	take := func(p *browser.Page, name string) {
		looks[0].wear(t, p)
		png, err := chromedp.Run(p.Context(), chromedp.CaptureScreenshot()) // the window, not all of a long page
		if err != nil {
			t.Fatal(err)
		}
		if len(png) < 10<<10 || len(png) > 300<<10 {
			t.Errorf("%s has %d bytes", name, len(png))
		}
		if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h.toDemo(p)
	take(p, "signin.png")
	p.Click("a[href^='/signup/']")
	p.Fill("input[name=email]", "ada@example.com")
	p.Fill("input[name=name]", "Ada")
	p.Fill("input[name=password]", "a few unrelated words")
	submit(p)
	giveCode(p, h.code("ada@example.com"))
	allow(p)
	h.inDemo(p, "Ada")
	h.enroll(p)
	p.Go(h.Info.Issuer + "/account/security")
	take(p, "account.png")

	admin := browser.New(t, browser.Options{})
	h.console(admin)
	admin.Go(h.Info.Issuer + "/admin/sessions?q=ada@example.com")
	admin.Click("#live .row-name a")
	admin.WaitText("What an end will hit")
	take(admin, "console.png")
}
