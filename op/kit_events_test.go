package op_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/push"
	"github.com/curfew-id/curfew/storage"
)

// event is one of a stream.
type event struct {
	name, id string
	data     map[string]any
}

// stream is an open answer of the events endpoint.
type stream struct {
	testing.TB
	*http.Response
	events chan event // closed when the stream has ended
	close  func()
}

// listening serves the kit and follows its feed.
func (k *kit) listening() string {
	k.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { k.push.Run(ctx); close(done) }()
	k.Cleanup(func() { cancel(); <-done })
	s := httptest.NewServer(k.handler)
	k.Cleanup(s.Close)
	k.must(k.push.Read(k.Context()))
	return s.URL
}

const pathEvents = "/oauth/sessions/events"

// open asks for a stream and reads it.
func (k *kit) open(base string, change func(*http.Request)) *stream {
	k.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, "GET", base+pathEvents, nil)
	k.must(err)
	change(r)
	res, err := http.DefaultClient.Do(r)
	k.must(err)
	s := &stream{TB: k.TB, Response: res, events: make(chan event, 1000), close: cancel}
	k.Cleanup(func() { cancel(); _ = res.Body.Close() })
	go s.read()
	return s
}

// read takes the stream apart as a browser does (HTML 9.2.6), but reports blocks without data, too.
func (s *stream) read() {
	defer close(s.events)
	var e event
	for in := bufio.NewScanner(s.Body); in.Scan(); {
		name, value, _ := strings.Cut(in.Text(), ": ")
		switch name {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			_ = json.Unmarshal([]byte(value), &e.data)
		case "":
			if e.id != "" {
				s.events <- e
			}
			e = event{}
		}
	}
}

// next is the stream's next block.
func (s *stream) next() event {
	s.Helper()
	select {
	case e, ok := <-s.events:
		if !ok {
			s.Fatal("the stream has ended")
		}
		return e
	case <-time.After(time.Minute):
		s.Fatal("nothing comes")
	}
	return event{}
}

// begun takes the first block, which has only the position.
func (s *stream) begun() *stream {
	s.Helper()
	if s.StatusCode != http.StatusOK {
		s.Fatalf("status %d", s.StatusCode)
	}
	if e := s.next(); e.name != "" || e.data != nil {
		s.Fatalf("begins with %+v", e)
	}
	return s
}

// ended waits for the end of the stream, with nothing before it.
func (s *stream) ended() {
	s.Helper()
	select {
	case e, ok := <-s.events:
		if ok {
			s.Errorf("before the end: %+v", e)
		}
	case <-time.After(time.Minute):
		s.Error("the stream does not end")
	}
}

func (s *stream) nothing() {
	s.Helper()
	select {
	case e, ok := <-s.events:
		s.Errorf("%+v (%v)", e, ok)
	case <-time.After(100 * time.Millisecond):
	}
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func (b *browser) with(r *http.Request) {
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
}

func (k *kit) secretOf(clientID string) func(*http.Request) {
	return func(r *http.Request) { k.authenticated(r, clientID) }
}

func (k *kit) endAs(s *storage.Session, status storage.SessionStatus, reason logout.Reason) {
	k.Helper()
	_, err := k.door.End(k.Context(), k.store, s, logout.Cause{Status: status, Reason: reason, By: logout.System})
	k.must(err)
}

func (k *kit) want(e event, sid, sub, status, reason string, current bool) {
	k.Helper()
	name := "session.ended"
	if sid == "" {
		name = "sessions.ended"
	}
	got, _ := e.data["current"].(bool)
	gotSID, _ := e.data["sid"].(string)
	if _, err := strconv.Atoi(e.id); e.name != name || err != nil || gotSID != sid || e.data["sub"] != sub || e.data["status"] != status ||
		e.data["reason"] != reason || got != current || e.data["ended_at"] != float64(k.clock.Now().UnixMilli()) {
		k.Errorf("%+v", e)
	}
}

// newReplica serves another provider on the same store.
func newReplica(k *kit) string {
	k.Helper()
	hub := push.New(push.Options{Issuer: issuer, Store: k.store, Clock: k.clock, Ring: k.ring})
	p, err := op.New(op.Options{Issuer: issuer, Store: k.store, Clock: k.clock, Ring: k.ring, Tokens: k.tokens, Clients: k.clients,
		Sessions: k.sessions, Activity: k.activity, Flows: k.flows, Users: k.users, Door: k.door, Push: hub, Pages: plainPages()})
	k.must(err)
	mux := http.NewServeMux()
	p.Routes(mux)
	other := &kit{TB: k.TB, push: hub, handler: mux}
	return other.listening()
}
