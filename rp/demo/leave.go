package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/curfew-id/curfew/rp"
)

const (
	maxPages    = 1000             // that stand open, in all
	maxFarewell = 1000             // ends that are remembered for the next click
	farewell    = 10 * time.Minute // and for how long
	beat        = 20 * time.Second // between signs of life, so that a page that is gone is noticed
	afterword   = 5 * time.Second  // a page stays connected after the end: one channel tells that, another one why
)

// leaving tells the pages that stand open when their session ends, and those that ask later how it did.
type leaving struct {
	now  func() time.Time
	stop chan struct{} // closed when the demo is

	mu    sync.Mutex
	pages map[*openPage]struct{}
	ends  map[string]rp.SessionEnd // by sid
	order []string                 // of ends, oldest first
	once  sync.Once
}

type openPage struct {
	sid, sub string
	news     chan rp.SessionEnd
}

func newLeaving(now func() time.Time) *leaving {
	return &leaving{now: now, stop: make(chan struct{}), pages: map[*openPage]struct{}{}, ends: map[string]rp.SessionEnd{}}
}

// ended is the application's OnSessionEnd. It may be called twice for one session: the back channel tells that it has
// ended, the stream says why.
func (l *leaving) ended(_ context.Context, e rp.SessionEnd) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.SessionID != "" {
		have, known := l.ends[e.SessionID]
		if !known {
			if len(l.order) >= maxFarewell {
				delete(l.ends, l.order[0])
				l.order = l.order[1:]
			}
			l.order = append(l.order, e.SessionID)
		}
		if have.Reason == "" {
			e.EndedAt = l.now()
			l.ends[e.SessionID] = e
		}
	}
	for p := range l.pages {
		if e.SessionID == p.sid || e.SessionID == "" && (e.Subject == "" || e.Subject == p.sub) {
			select {
			case p.news <- e:
			default: // it has enough to read
			}
		}
	}
}

// how returns the end of a session, if it is known.
func (l *leaving) how(sid string) (rp.SessionEnd, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.ends[sid]
	return e, ok && l.now().Sub(e.EndedAt) < farewell
}

// open adds a page; false when there are too many.
func (l *leaving) open(id *rp.Identity) (*openPage, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pages) >= maxPages {
		return nil, false
	}
	p := &openPage{sid: id.SessionID, sub: id.Subject, news: make(chan rp.SessionEnd, 4)}
	l.pages[p] = struct{}{}
	if e, ok := l.ends[p.sid]; ok { // between the look at the session and here
		p.news <- e
	}
	return p, true
}

func (l *leaving) close(p *openPage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pages, p)
}

func (l *leaving) shut() { l.once.Do(func() { close(l.stop) }) }

// events is the stream of one page that stands open. It only tells: the session's token is renewed by requests, and a page
// that nobody touches is idle.
func (d *demo) events(w http.ResponseWriter, r *http.Request) {
	id, _ := rp.FromContext(r.Context())
	p, ok := d.leaving.open(id)
	if !ok {
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer d.leaving.close(p)
	out := http.NewResponseController(w)
	_ = out.SetWriteDeadline(time.Time{}) // where it cannot be lifted, the page comes back
	w.Header().Set("Content-Type", "text/event-stream")
	say := func(text string) bool {
		_, err := w.Write([]byte(text))
		return err == nil && out.Flush() == nil
	}
	alive := time.NewTicker(beat)
	defer alive.Stop()
	var last <-chan time.Time
	for ok := say("retry: 2000\n\n"); ok; {
		select {
		case e := <-p.news:
			ok = say(line(e))
			if e.SessionID != "" && last == nil {
				last = time.After(afterword)
			}
			ok = ok && (e.SessionID == "" || e.Reason == "")
		case <-alive.C:
			ok = say(":\n\n")
		case <-last:
			return
		case <-d.leaving.stop:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// line is the event for the page: over for its own session, look when it may be one of many.
func line(e rp.SessionEnd) string {
	if e.SessionID == "" {
		return "event: look\ndata: {}\n\n"
	}
	data, err := json.Marshal(map[string]any{"why": why(e.Reason), "known": e.Reason != ""})
	if err != nil { // of strings: cannot fail
		return ""
	}
	return fmt.Sprintf("event: over\ndata: %s\n\n", data)
}

// The cookie lasts beyond the session that it names, so that the next click can say how that ended. A session's name opens
// nothing.
func (d *demo) remember(w http.ResponseWriter, sid string) {
	http.SetCookie(w, &http.Cookie{Name: d.wasCookie(), Value: sid, Path: "/", HttpOnly: true, Secure: d.base.Scheme == "https",
		SameSite: http.SameSiteLaxMode})
}

// wasCookie has the port in its name, since cookies do not know ports.
func (d *demo) wasCookie() string { return "demo_was_" + d.base.Port() }

// farewell says how this browser's session ended, once; "" if there was none.
func (d *demo) farewell(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(d.wasCookie())
	if err != nil || c.Value == "" {
		return ""
	}
	http.SetCookie(w, &http.Cookie{Name: c.Name, Path: "/", MaxAge: -1, HttpOnly: true, Secure: d.base.Scheme == "https",
		SameSite: http.SameSiteLaxMode})
	e, _ := d.leaving.how(c.Value)
	return why(e.Reason)
}
