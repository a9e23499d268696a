package e2e

import (
	"context"
	"flag"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/curfew-id/curfew/e2e/browser"
)

// look is how a person sees a page.
type look struct {
	name  string
	width int64
	dark  bool
}

var looks = []look{{"desktop-light", 1280, false}, {"desktop-dark", 1280, true}, {"phone-light", 390, false}, {"phone-dark", 390, true}}

// opposite are two looks with both widths and both schemes. What depends on one of them shows in these as in all four, which an
// album is made of.
var opposite = []look{looks[0], looks[len(looks)-1]}

// wear makes the page look so, without transitions between the looks.
func (l look) wear(t testing.TB, p *browser.Page) {
	t.Helper()
	scheme, height := "light", int64(800)
	if l.dark {
		scheme = "dark"
	}
	if l.width < 600 {
		height = 844
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	_, err := chromedp.Run(p.Context(), chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, media)
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = chromedp.Run(p.Context(), chromedp.EmulateViewport(l.width, height)); err != nil {
		t.Fatal(err)
	}
}

var album = flag.String("album", "", "directory for a picture of every page in every look; none if empty")

// everyLook shows the page in every look, in which nothing may be cut off, and takes pictures for the album.
func everyLook(t testing.TB, p *browser.Page, page string, do func(look)) {
	t.Helper()
	inLooks(t, p, page, looks, do)
}

func inLooks(t testing.TB, p *browser.Page, page string, looks []look, do func(look)) {
	t.Helper()
	for _, l := range looks {
		l.wear(t, p)
		if wide := browser.Eval[int64](p, "document.documentElement.scrollWidth"); wide > l.width {
			t.Errorf("%s is %d pixels wide on %s", page, wide, l.name)
		}
		if *album != "" {
			p.Screenshot(filepath.Join(*album, l.name, page+".png"))
		}
		do(l)
	}
	looks[0].wear(t, p)
}
