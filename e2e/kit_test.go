package e2e

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"testing"
	"time"

	"github.com/curfew-id/curfew/cmd/curfew/dev"
	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// house is a running `curfew dev` on a clock of the test's.
type house struct {
	*dev.Dev
	clock *clock.Fake
	t     testing.TB
	read  map[string]bool // ids of the messages whose code was taken
}

// start serves a fresh curfew until the test ends. database is empty for SQLite.
func start(t testing.TB, database string, with ...func(*dev.Options)) *house {
	t.Helper()
	if database == "" {
		database = storagetest.SQLite(t)
	}
	h := &house{t: t, clock: clock.NewFake(clock.System{}.Now()), read: map[string]bool{}}
	o := dev.Options{Data: t.TempDir(), Listen: "127.0.0.1:0", DemoListen: "127.0.0.1:0",
		DatabaseURL: database, Clock: h.clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	for _, set := range with {
		set(&o)
	}
	d, err := dev.Start(t.Context(), o)
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
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); journey(t, start(t, "")) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); journey(t, start(t, storagetest.Postgres(t))) })
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code returns the code of the newest message to somebody, and waits for one that was not read before.
func (h *house) code(to string) string {
	h.t.Helper()
	var found string
	h.message("a code", func(m delivery.Received) bool {
		if m.To == to {
			found = sixDigits.FindString(m.Text)
		}
		return found != ""
	})
	return found
}

// message waits for a message that was not read before and that wanted says yes to, newest first.
func (h *house) message(what string, wanted func(delivery.Received) bool) delivery.Received {
	h.t.Helper()
	for range 200 {
		for _, m := range h.Mailbox.List() {
			if !h.read[m.ID] && wanted(m) {
				h.read[m.ID] = true
				return m
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.t.Fatalf("no message with %s", what)
	return delivery.Received{}
}

// link waits for a message to somebody that leads to path, and returns where.
func (h *house) link(to, path string) string {
	h.t.Helper()
	link := regexp.MustCompile(regexp.QuoteMeta(h.Info.Issuer+path) + `\S+`)
	m := h.message("a link to "+path, func(m delivery.Received) bool { return m.To == to && link.MatchString(m.Text) })
	return link.FindString(m.Text)
}
