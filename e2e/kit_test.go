package e2e

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/dev"
	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/pgtest"
)

// house is a running `curfew dev` on a clock of the test's.
type house struct {
	*dev.Dev
	clock *clock.Fake
	t     *testing.T
}

// start serves a fresh curfew until the test ends. database is empty for SQLite.
func start(t *testing.T, database string) *house {
	t.Helper()
	h := &house{t: t, clock: clock.NewFake(clock.System{}.Now())}
	d, err := dev.Start(t.Context(), dev.Options{Data: t.TempDir(), Listen: "127.0.0.1:0", DemoListen: "127.0.0.1:0",
		DatabaseURL: database, Clock: h.clock})
	if err != nil {
		t.Fatal(err)
	}
	h.Dev = d
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return h
}

// onBoth runs a journey on each engine.
func onBoth(t *testing.T, journey func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { journey(t, start(t, "")) })
	t.Run("postgres", func(t *testing.T) { journey(t, start(t, pgtest.New(t))) })
}

var sixDigits = regexp.MustCompile(`\b\d{3} ?\d{3}\b`)

// code waits for the newest message to somebody that holds a code and was not read before, and returns the code.
func (h *house) code(to string) string {
	h.t.Helper()
	for range 100 {
		for _, m := range h.Mailbox.List() {
			if m.To != to {
				continue
			}
			if c := sixDigits.FindString(m.Text); c != "" {
				return c
			}
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.t.Fatalf("no message with a code for %s", to)
	return ""
}

// codeAfter is code, and waits until there are more than n messages.
func (h *house) codeAfter(n int, to string) string {
	h.t.Helper()
	for range 100 {
		if len(h.Mailbox.List()) > n {
			return h.code(to)
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.t.Fatalf("no new message for %s", to)
	return ""
}

// signIn goes through the pages as somebody who knows a password, from wherever the browser is asked who they are.
func signIn(p *browser.Page, email, password string) {
	p.Fill("input[name=email]", email)
	p.Click("main form button[type=submit], main form button:not([type])")
	p.Fill("input[name=password]", password)
	p.Click("main form button[type=submit], main form button:not([type])")
}
