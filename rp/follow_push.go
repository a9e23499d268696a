package rp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
)

var (
	errRenewToken = errors.New("the token is to be renewed")
	errSilence    = errors.New("nothing was heard for too long")
)

// listen keeps the stream open. Each connection tells the position that it has come to, so nothing is missed between two.
func (f *follower) listen(ctx context.Context) error {
	s := &pushState{}
	for n := 0; ctx.Err() == nil; {
		opened, err := f.connect(ctx, s)
		if opened {
			n = 0
		}
		if errors.Is(err, errRenewToken) {
			continue // by our own plan: at once
		}
		f.failed(ctx, n, s.retry, err)
		n++
	}
	return ctx.Err()
}

// pushState is what outlives a connection.
type pushState struct {
	position string        // Last-Event-ID; empty before the first
	retry    time.Duration // how long the provider would have us wait, if it said so
}

// connect opens the stream and reads it until it is cut, here before its token dies or there.
func (f *follower) connect(ctx context.Context, s *pushState) (opened bool, err error) {
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	watch := time.AfterFunc(f.pace.open, func() { cut(errSilence) })
	defer watch.Stop()
	token, renewAt, err := f.token.get(ctx)
	if err != nil {
		return false, because(ctx, err)
	}
	res, err := f.openStream(ctx, token, s.position)
	if err != nil {
		return false, because(ctx, err)
	}
	defer res.Body.Close()
	renew := time.AfterFunc(time.Until(renewAt), func() { f.renewAhead(ctx, cut) })
	defer renew.Stop()
	f.works(ctx)
	if s.position == "" {
		// What ended before this process listened is not told. Said only now: what is renewed from here on is heard of.
		f.missed()
	}
	watch.Reset(f.pace.silence)
	events := newEventReader(&watched{res.Body, func() { watch.Reset(f.pace.silence) }})
	for {
		e, err := events.next()
		if err != nil {
			return true, because(ctx, err)
		}
		f.told(ctx, e)
		s.retry = events.retry
		if e.ID != "" {
			s.position = e.ID // after it was told: a cut in between tells it again
		}
	}
}

// renewAhead gets the next token while the stream still runs, and then cuts it. Without one the stream may as well go on
// until the provider ends it.
func (f *follower) renewAhead(ctx context.Context, cut context.CancelCauseFunc) {
	for n := 0; ctx.Err() == nil; n++ {
		if _, _, err := f.token.get(ctx); err == nil {
			cut(errRenewToken)
			return
		}
		sleep(ctx, f.pace.first)
	}
}

// because returns why a context was cut if that is why err came about.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func (f *follower) openStream(ctx context.Context, token, position string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.provider.meta.SessionEventsEndpoint, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Cache-Control", "no-store")
	req.Header.Set("Authorization", "Bearer "+token)
	if position != "" {
		req.Header.Set("Last-Event-Id", position)
	}
	res, err := withoutLimit(f.provider.do).Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode == http.StatusOK && kind == "text/event-stream" {
		return res, nil
	}
	res.Body.Close()
	if res.StatusCode == http.StatusUnauthorized {
		f.token.refused(token)
	}
	return nil, fmt.Errorf("session events: %w", &busyError{res.StatusCode, retryAfter(res.Header)})
}

// withoutLimit returns a doer for answers that last. The limit of an http.Client counts until the body has been read.
func withoutLimit(do Doer) Doer {
	c, ok := do.(*http.Client)
	if !ok || c.Timeout == 0 {
		return do
	}
	unhurried := *c
	unhurried.Timeout = 0
	return &unhurried
}

func retryAfter(h http.Header) time.Duration {
	s, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(s) * time.Second
}

// told passes one event on. What is not understood is left alone: later versions may tell more.
func (f *follower) told(ctx context.Context, e streamEvent) {
	switch e.Name {
	case "reset":
		f.log.InfoContext(ctx, "ends may have been missed: every web session is renewed before it is used again")
		f.missed()
	case "session.ended", "sessions.ended":
		var v struct {
			SessionID string `json:"sid"`
			Subject   string `json:"sub"`
			ClientID  string `json:"client_id"`
			Status    string `json:"status"`
			Reason    string `json:"reason"`
			EndedAt   int64  `json:"ended_at"`
		}
		if err := json.Unmarshal([]byte(e.Data), &v); err != nil || (v.SessionID != "") != (e.Name == "session.ended") || v.EndedAt < 0 {
			f.log.WarnContext(ctx, "session event not understood", "event", e.Name, "err", err)
			return
		}
		f.heard(ctx, SessionEnd{SessionID: v.SessionID, Subject: v.Subject, ClientID: v.ClientID, Reason: v.Reason, Status: v.Status,
			EndedAt: time.UnixMilli(v.EndedAt).UTC(), Channel: ChannelPush})
	}
}

// watched tells of every read that brought something.
type watched struct {
	io.Reader
	heard func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.heard()
	}
	return n, err
}
