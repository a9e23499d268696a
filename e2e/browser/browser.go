package browser

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Missing is what a test says where there is no Chromium.
const Missing = "Chromium is not installed: apt-get install chromium (looked for chromium, chromium-browser, google-chrome in PATH)"

// patience is how long one step may take. Generous: a build machine with few processors compiles beside it.
const patience = time.Minute

// Options shape a browser. The zero value is a desktop in English, in the light.
type Options struct {
	Width, Height int    // of the window, in CSS pixels; 1280 x 800 where zero
	Dark          bool   // prefers-color-scheme: dark
	Locale        string // a BCP 47 tag for Accept-Language and navigator.language; "en" where empty
	NoScript      bool   // pages run no JavaScript
	// ThirdPartyCookies shows frames of other sites their cookies; without a window Chromium blocks them.
	ThirdPartyCookies bool
	AllowErrors       bool // what pages complain about does not fail the test; see Page.Allow for less
}

// browser is one Chromium with a profile of its own, shared by its pages.
type browser struct {
	opts Options

	mu       sync.Mutex
	allowed  []string
	problems []string
}

// Page is one tab.
type Page struct {
	tb      testing.TB
	ctx     context.Context
	browser *browser
	loading *loading
}

// New starts a Chromium for this test and returns its first tab. Chromium ends with the test, and with the
// test process, whatever ends that.
func New(tb testing.TB, opts Options) *Page {
	tb.Helper()
	path := find()
	if path == "" {
		tb.Fatal(Missing)
	}
	if opts.Width == 0 {
		opts.Width = 1280
	}
	if opts.Height == 0 {
		opts.Height = 800
	}
	if opts.Locale == "" {
		opts.Locale = "en"
	}
	started := flags(path, opts)
	if opts.ThirdPartyCookies {
		started = append(started, chromedp.UserDataDir(profile(tb, `{"profile":{"cookie_controls_mode":0,"block_third_party_cookies":false}}`)))
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), started...)
	tb.Cleanup(cancel) // last: it waits until the process has ended and its profile is removed
	return open(tb, ctx, &browser{opts: opts})
}

// Tab opens another tab of the same browser, with the same cookies.
func (p *Page) Tab() *Page {
	p.tb.Helper()
	return open(p.tb, p.ctx, p.browser)
}

// Context returns the tab's chromedp context, for what this package does not offer.
func (p *Page) Context() context.Context { return p.ctx }

func flags(path string, opts Options) []chromedp.ExecAllocatorOption {
	// The defaults bring --headless, --no-first-run, --disable-background-networking and --disable-sync;
	// chromedp adds a new profile, and --no-sandbox for root alone.
	return append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", opts.Locale),
		chromedp.Flag("accept-lang", opts.Locale),
		chromedp.WindowSize(opts.Width, opts.Height),
	)
}

// profile makes a new profile with preferences. It is removed after the test, when Chromium has ended.
func profile(tb testing.TB, preferences string) (dir string) {
	tb.Helper()
	dir = tb.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "Default"), 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Default", "Preferences"), []byte(preferences), 0o600); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// find returns the path of Chromium, empty where there is none.
func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func open(tb testing.TB, parent context.Context, b *browser) *Page {
	tb.Helper()
	ctx, cancel := chromedp.NewContext(parent)
	p := &Page{tb: tb, ctx: ctx, browser: b, loading: newLoading()}
	// The first command starts the browser and binds its life to the context, so this one has no deadline.
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		tb.Fatalf("start Chromium: %v", err)
	}
	tb.Cleanup(func() {
		p.checkProblems()
		// In peace, as far as it goes: a Chromium that is killed leaves its lock in the temporary directory.
		end, stop := context.WithTimeout(ctx, patience)
		defer stop()
		_ = chromedp.Cancel(end)
		cancel()
	})
	if err := p.prepare(); err != nil {
		tb.Fatalf("prepare tab: %v", err)
	}
	return p
}

func (p *Page) prepare() error {
	scheme := "light"
	if p.browser.opts.Dark {
		scheme = "dark"
	}
	steps := []chromedp.Action[chromedp.Void]{
		chromedp.EmulateViewport(int64(p.browser.opts.Width), int64(p.browser.opts.Height)),
		call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			// A click would miss what is still scrolling.
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		}),
		call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: p.browser.opts.NoScript}),
	}
	if err := p.listen(); err != nil {
		return err
	}
	return chromedp.Do(p.ctx, steps...)
}
