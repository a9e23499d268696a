package browser

import (
	"errors"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
)

const (
	// quiet is how long nothing may happen before a page counts as settled. Long enough for a page that
	// sends the browser on at once (a meta refresh of no seconds) to do so.
	quiet = 150 * time.Millisecond
	// announced is how long a navigation that a page asked for may take to begin.
	announced = 2 * time.Second
)

// loading follows the navigation of a tab's main frame from the browser's events.
type loading struct {
	mu      sync.Mutex
	asked   bool          // the page asked for a navigation that has not begun
	busy    bool          // the frame loads
	changed chan struct{} // has room for one
}

func newLoading() *loading { return &loading{changed: make(chan struct{}, 1)} }

// see takes note of an event.
func (l *loading) see(main cdp.FrameID, event any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameRequestedNavigation:
		if e.FrameID != main || e.Disposition != page.ClientNavigationDispositionCurrentTab {
			return
		}
		l.asked = true
	case *page.EventFrameStartedNavigating:
		if e.FrameID != main {
			return
		}
		l.asked = false
	case *page.EventFrameStartedLoading:
		if e.FrameID != main {
			return
		}
		l.asked, l.busy = false, true
	case *page.EventFrameStoppedLoading:
		if e.FrameID != main {
			return
		}
		l.busy = false
	default:
		return
	}
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// settle waits until the tab has loaded what it is about to load, through redirects and pages that send the
// browser on.
func (l *loading) settle() error {
	deadline := time.After(patience)
	for {
		l.mu.Lock()
		wait := quiet
		if l.asked {
			wait = announced
		}
		var settled <-chan time.Time
		if !l.busy {
			settled = time.After(wait)
		}
		l.mu.Unlock()
		select {
		case <-l.changed:
		case <-settled:
			return nil
		case <-deadline:
			return errors.New("the page did not finish loading")
		}
	}
}
