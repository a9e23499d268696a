package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// browserCause is a person who signs out in Chromium. Its page shows the frames of the front channel.
var browserCause = &cause{name: causeBrowser}

// chromium is one browser, in which one person after the other signs out.
type chromium struct {
	ctx    context.Context
	cancel []func()
}

// openChromium starts the browser where a run has ends for it.
func (r *rig) openChromium(ctx context.Context) (*chromium, error) {
	c := &chromium{}
	if r.Browsers == 0 {
		return c, nil
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, errors.New("no Chromium: apt-get install chromium, or run with -browsers 0")
	}
	// chromedp adds a new profile, and --no-sandbox for root alone.
	alloc, cancel := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))...)
	c.cancel = append(c.cancel, cancel)
	tab, cancel := chromedp.NewContext(alloc)
	c.cancel = append(c.cancel, cancel)
	c.ctx = tab
	if err := chromedp.Do(tab); err != nil {
		c.close()
		return nil, fmt.Errorf("start Chromium: %w", err)
	}
	return c, nil
}

func (c *chromium) close() {
	if c.ctx != nil {
		end, stop := context.WithTimeout(c.ctx, 10*time.Second)
		_ = chromedp.Cancel(end)
		stop()
	}
	for i := len(c.cancel) - 1; i >= 0; i-- {
		c.cancel[i]()
	}
	c.cancel = nil
}

// endAll has the persons sign out, one after the other as their time comes. T is what the database has written down of the
// end, which is before the page arrives: the drop can only look longer than it was.
func (c *chromium) endAll(ctx context.Context, r *rig, ends []*end) {
	var mine []*end
	for _, e := range ends {
		if e.cause == browserCause {
			mine = append(mine, e)
		}
	}
	start := now()
	for i, e := range mine {
		if !pause(ctx, until(start.Add(r.Window*time.Duration(i)/time.Duration(len(mine))))) {
			return
		}
		if err := c.signOut(ctx, r, e); err != nil {
			e.blame(err.Error())
		}
	}
}

func (c *chromium) signOut(ctx context.Context, r *rig, e *end) error {
	e.arm()
	if !pause(ctx, 200*time.Millisecond) {
		return ctx.Err()
	}
	_, _, hint, _ := e.holds(ctx)
	tab, cancel := context.WithTimeout(c.ctx, 15*time.Second)
	defer cancel()
	_, err := chromedp.Call(tab, network.SetCookie, network.SetCookieParams{Name: "curfew_session", Value: e.seed.session, URL: r.issuer,
		SameSite: network.CookieSameSiteLax})
	if err != nil {
		return fmt.Errorf("set the person's cookie: %w", err)
	}
	err = chromedp.Do(tab, chromedp.Navigate(r.issuer+"/oauth/logout?"+url.Values{"id_token_hint": {hint}}.Encode()))
	if err != nil {
		return fmt.Errorf("sign out in Chromium: %w", err)
	}
	var status string
	var micro int64
	if err := r.query(ctx, `SELECT status, coalesce(ended_at, 0) FROM sessions WHERE id = $1`, []any{e.sessionID}, &status, &micro); err != nil {
		return err
	}
	if status != "ended" {
		return fmt.Errorf("the session stands at %q behind a sign-out in Chromium", status)
	}
	e.over(ctx, time.UnixMicro(micro))
	return nil
}
