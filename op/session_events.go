package op

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/storage"
)

const (
	heartbeat   = 15 * time.Second
	writeWithin = 10 * time.Second // a listener that takes longer to take what it is sent is gone
)

// sessionEvents streams which sessions end, as they do (server-sent events, HTML 9.2). It is at least once: after a cut the
// listener says what it saw last and gets what came since.
func (p *Provider) sessionEvents(w http.ResponseWriter, r *http.Request) {
	httpx.NoStore(w.Header())
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	// The place is taken before the session is found to be live: what ends between the two is told.
	from := p.Push.Position()
	who, err := p.sessionListener(r)
	if err != nil {
		writeRefusal(w, r, err)
		return
	}
	l, err := p.Push.Listen(who.scope, who.payer, who.most)
	if err != nil {
		writeBusy(w, err)
		return
	}
	defer l.Close()
	_ = httpx.Unhurried(w) // where it cannot be lifted, the stream is cut by the limit and resumed
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy that gathers would undo what the stream is for
	s := &eventStream{provider: p, who: who, listener: l, out: http.NewResponseController(w), w: w}
	s.run(r.Context(), from, r.Header.Values("Last-Event-Id"))
}

// writeBusy answers for an error of the hub.
func writeBusy(w http.ResponseWriter, err error) {
	w.Header().Set("Retry-After", "1")
	if errors.Is(err, push.ErrTooMany) {
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

// eventStream is one open answer.
type eventStream struct {
	provider *Provider
	who      *sessionListener
	listener *push.Listener
	w        http.ResponseWriter
	out      *http.ResponseController
	text     bytes.Buffer // not yet sent
	told     []toldEnd    // what of text leaves a receipt
	position int64        // everything up to here has been told, or is none of the listener's business
	doomed   bool         // what the listener came with was not good any more at the last heartbeat
}

// run returns when the stream is over.
func (s *eventStream) run(ctx context.Context, from int64, last []string) {
	if over := s.begin(ctx, from, last); over {
		return
	}
	var expired <-chan time.Time
	if !s.who.expires.IsZero() {
		t := time.NewTimer(s.who.expires.Sub(s.provider.Clock.Now()))
		defer t.Stop()
		expired = t.C
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for over := false; !over; {
		select {
		case e, ok := <-s.listener.Ends:
			if !ok { // too slow: it comes back with its last position
				return
			}
			over = s.tell(ctx, e)
		case <-beat.C:
			over = s.beat(ctx)
		case <-expired:
			return
		case <-httpx.Stopping(ctx):
			return
		case <-ctx.Done():
			return
		}
		if s.send() != nil {
			return
		}
	}
}

// begin opens the answer and tells what was missed since the listener's last position, or that this is not known any more.
func (s *eventStream) begin(ctx context.Context, from int64, last []string) (over bool) {
	after, reset := from, false
	if len(last) > 0 && last[0] != "" {
		var err error
		after, err = strconv.ParseInt(last[0], 10, 64)
		reset = err != nil
	}
	var missed []*storage.SessionEnd
	if !reset {
		var err error
		if missed, err = s.listener.Missed(ctx, after); errors.Is(err, push.ErrTooOld) {
			reset = true
		} else if err != nil {
			writeError(ctx, s.w, err)
			return true
		}
	}
	s.text.WriteString("retry: 1000\n")
	if reset {
		after = from
		s.text.WriteString("event: reset\ndata: {}\n")
	}
	s.position = after
	s.mark()
	for _, e := range missed {
		if over = s.tell(ctx, e); over {
			break
		}
	}
	return s.send() != nil || over
}

// mark ends a block with the position. A block without data is no event, but the browser remembers its id (HTML 9.2.6).
func (s *eventStream) mark() {
	s.text.WriteString("id: " + strconv.FormatInt(s.position, 10) + "\n\n")
}

// beat shows that the stream is alive, and moves the listener's place past what was none of its business.
func (s *eventStream) beat(ctx context.Context) (over bool) {
	position := s.provider.Push.Position()
	for more := true; more; { // everything up to there is in the buffer
		select {
		case e, ok := <-s.listener.Ends:
			if !ok || s.tell(ctx, e) {
				return true
			}
		default:
			more = false
		}
	}
	good, err := s.who.still(ctx)
	if err == nil && !good {
		if s.doomed { // it has had the time of a heartbeat to be told why
			return true
		}
		s.doomed = true
	}
	s.position = max(s.position, position)
	s.text.WriteString(": still here\n")
	s.mark()
	return false
}

// sessionEvent is what a listener is told. Without sid it is about all sessions that the user had, or in which the client
// had taken part, or without either of everybody.
type sessionEvent struct {
	SessionID string                `json:"sid,omitempty"`
	Subject   string                `json:"sub,omitempty"`
	ClientID  string                `json:"client_id,omitempty"`
	Status    storage.SessionStatus `json:"status"`
	Reason    string                `json:"reason"`
	EndedAt   int64                 `json:"ended_at"`          // milliseconds since 1970, as in the management API
	Current   bool                  `json:"current,omitempty"` // it is the session that the listener came with
}

// tell writes an end that the listener may know of, and returns whether it was of its own session: then that is the last.
func (s *eventStream) tell(ctx context.Context, e *storage.SessionEnd) (over bool) {
	if e.Position <= s.position {
		return false
	}
	s.position = e.Position
	v := sessionEvent{SessionID: e.SessionID, Subject: e.UserID, ClientID: e.ClientID, Status: e.Status, Reason: e.Reason,
		EndedAt: e.EndedAt.UnixMilli()}
	if e.SessionID == "" && s.who.own != "" {
		v.Subject, v.ClientID = s.who.scope.UserID, ""
		// All sessions of before. Its own is one of them unless it was started since, which the database knows.
		if good, err := s.who.still(ctx); err == nil && !good {
			v.SessionID = s.who.own
		} else if e.ClientID != "" { // which client that was is none of its business; its other sessions follow one by one
			return false
		}
	}
	v.Current = s.who.own != "" && v.SessionID == s.who.own
	if s.who.onlyOwn && !v.Current {
		return false
	}
	name := "session.ended"
	if v.SessionID == "" {
		name = "sessions.ended"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return true
	}
	if c := s.who.client; c != "" && v.SessionID != "" && (slices.Contains(e.ClientIDs, c) || e.SessionID == "") {
		s.told = append(s.told, toldEnd{userID: v.Subject, sessionID: v.SessionID, at: e.EndedAt.Time})
	}
	s.text.WriteString("event: " + name + "\ndata: ")
	s.text.Write(data)
	s.text.WriteByte('\n')
	s.mark()
	return v.Current
}

// toldEnd is the end of a session in which the listening client took part: it asked to be told, and the receipt says that it was.
type toldEnd struct {
	userID, sessionID string
	at                time.Time
}

// send writes what was told. A connection that takes nothing any more is given up.
func (s *eventStream) send() error {
	if s.text.Len() == 0 {
		return nil
	}
	// The deadline is of this machine's clock, not of the database's.
	_ = s.out.SetWriteDeadline(clock.System{}.Now().Add(writeWithin))
	if _, err := s.w.Write(s.text.Bytes()); err != nil {
		return err
	}
	s.text.Reset()
	if err := s.out.Flush(); err != nil {
		return err
	}
	for _, t := range s.told {
		s.provider.Push.Told(s.who.client, t.userID, t.sessionID, t.at)
	}
	s.told = s.told[:0]
	return nil
}
