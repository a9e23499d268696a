package demo_test

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// stream opens the page's events and returns what they say, line by line.
func (s *site) stream() <-chan string {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.url+"/events", nil)
	if err != nil {
		s.Fatal(err)
	}
	res, err := s.browser.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		s.Fatalf("events: %d %v", res.StatusCode, res.Header)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		defer res.Body.Close()
		for in := bufio.NewScanner(res.Body); in.Scan(); {
			lines <- in.Text()
		}
	}()
	s.heard(lines, "retry: 2000")
	return lines
}

// heard waits for a line that has the text in it.
func (s *site) heard(lines <-chan string, text string) {
	s.Helper()
	for late := time.After(time.Minute); ; {
		select {
		case line, ok := <-lines:
			if strings.Contains(line, text) {
				return
			}
			if !ok {
				s.Fatalf("the stream ended before it said %q", text)
			}
		case <-late:
			s.Fatalf("the stream did not say %q", text)
		}
	}
}

func (s *site) sid() string {
	s.Helper()
	u, err := url.Parse(s.url)
	if err != nil {
		s.Fatal(err)
	}
	for _, c := range s.browser.Jar.Cookies(u) {
		if strings.HasPrefix(c.Name, "demo_was_") {
			return c.Value
		}
	}
	s.Fatal("the browser knows no session")
	return ""
}

// TestLeaves: the back channel tells that the session has ended, the stream why.
func TestLeaves(t *testing.T) {
	s := newSite(t)
	ctx, stop := context.WithCancel(context.Background())
	followed := make(chan struct{})
	go func() { defer close(followed); s.demo.Follow(ctx) }()
	for s.provider.Streams() == 0 {
		time.Sleep(time.Millisecond)
	}
	if res, _ := s.do("GET", "/events", nil, "Accept", "text/event-stream"); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("signed out: %d", res.StatusCode)
	}
	s.do("GET", "/auth/login", nil)
	sid, lines := s.sid(), s.stream()
	if res, body := s.do("POST", "/auth/backchannel-logout", url.Values{"logout_token": {s.provider.LogoutToken("demo", "usr_01", sid, nil)}}); res.StatusCode != http.StatusOK {
		t.Fatalf("back channel: %d %s", res.StatusCode, body)
	}
	s.heard(lines, `"known":false,"why":"Your session has ended."`)
	s.provider.Tell("session.ended", map[string]any{"sid": sid, "sub": "usr_01", "status": "replaced", "reason": "replaced", "ended_at": 1772366400250})
	s.heard(lines, `"known":true,"why":"You were signed out because your account was used on another device."`)
	_, body := s.do("GET", "/", nil)
	s.want(body, "Sign in with curfew", "your account was used on another device")
	if _, body := s.do("GET", "/", nil); strings.Contains(body, "data-farewell") {
		t.Error("it says goodbye twice")
	}

	s.do("GET", "/auth/login", nil)
	lines = s.stream()
	s.provider.Tell("sessions.ended", map[string]any{"sub": "usr_02", "ended_at": 1}) // somebody else's
	s.provider.Tell("sessions.ended", map[string]any{"sub": "usr_01", "ended_at": 1}) // of before this one
	s.heard(lines, "event: look")
	if res, _ := s.do("GET", "/life", nil, "Accept", "application/json"); res.StatusCode != http.StatusOK {
		t.Errorf("it left, though the session was begun later: %d", res.StatusCode)
	}
	stop()
	<-followed
	for range lines { // the stream of a page that stands open ends with the demo
	}
}

func TestFrontChannelIsFramed(t *testing.T) {
	s := newSite(t)
	s.do("GET", "/auth/login", nil)
	q := url.Values{"iss": {s.provider.Issuer}, "sid": {s.sid()}}
	res, err := http.Get(s.url + "/auth/frontchannel-logout?" + q.Encode()) // a frame of another site has no cookies
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if csp := res.Header.Values("Content-Security-Policy"); len(csp) != 1 || !strings.HasSuffix(csp[0], "frame-ancestors "+s.provider.Issuer) {
		t.Errorf("policy %q", csp)
	}
	_, body := s.do("GET", "/", nil)
	s.want(body, "Sign in with curfew", "Your session has ended.")
}
