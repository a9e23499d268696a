package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/op/session"
)

const (
	heartbeat   = 15 * time.Second
	writeWithin = 10 * time.Second // a page that takes longer to take what it is sent is gone
)

// events says that something ended, wherever (server-sent events, HTML 9.2). What it was the page reads by itself, with the
// rights that it has then: the stream carries ids alone.
func (h *Handlers) events(w http.ResponseWriter, r *http.Request) {
	httpx.NoStore(w.Header())
	v, err := h.watcher(w, r)
	switch {
	case errors.Is(err, session.ErrNone):
		w.WriteHeader(http.StatusUnauthorized)
		return
	case err != nil:
		h.fail(w, r, err)
		return
	}
	l, err := h.Push.Listen(push.Scope{All: true}, "console "+v.current.ID, push.PerSession)
	if err != nil {
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer l.Close()
	_ = httpx.Unhurried(w) // where it cannot be lifted, the stream is cut by the limit and opened again
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for line := "retry: 2000\n\n"; ; {
		_ = out.SetWriteDeadline(clock.System{}.Now().Add(writeWithin))
		if _, err := io.WriteString(w, line); err != nil || out.Flush() != nil {
			return
		}
		select {
		case e, ok := <-l.Ends:
			if !ok {
				return
			}
			b, err := json.Marshal(map[string]string{"sid": e.SessionID})
			if err != nil {
				return
			}
			line = fmt.Sprintf("event: ended\ndata: %s\n\n", b)
		case <-beat.C:
			if _, err := h.watcher(w, r); err != nil { // signed out, or no administrator any more
				return
			}
			line = ": \n\n"
		case <-httpx.Stopping(r.Context()):
			return
		case <-r.Context().Done():
			return
		}
	}
}

// watcher is who may see sessions, without a use of theirs.
func (h *Handlers) watcher(w http.ResponseWriter, r *http.Request) (*visit, error) {
	current, err := h.Sessions.Peek(r)
	if err != nil {
		return nil, err
	}
	v := &visit{w: w, r: r, current: current, pages: h.Pages, h: h}
	if !console(current) || !May(current.User.Role, SessionsRead) {
		return nil, errNotFound
	}
	proved, err := h.proved(r, current)
	if err == nil && !proved {
		err = session.ErrNone
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}
