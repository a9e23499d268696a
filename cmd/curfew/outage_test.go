package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/pgtest"
)

// TestOutage takes the database away from a server, before its start and while it serves.
func TestOutage(t *testing.T) {
	pg, err := pgtest.Start(t.Context(), pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pg.Stop)
	i := newInstall(t, pg.DSN("postgres"))
	i.run("migrate")
	client := i.object("client", "create", "--id", "service", "--grant", "client_credentials", "--scope", "users:read users:write")
	secret, _ := client["client_secret"].(string)

	kill(t, pg)
	p := i.start()
	eventually(t, "the server waits for the database", func() bool {
		return strings.Contains(p.log(), "the database does not answer, waiting")
	})
	restart(t, pg)
	p.up()
	if n := strings.Count(p.log(), "does not answer"); n != 1 {
		t.Errorf("%d lines about one wait", n)
	}
	ready(t, p)

	w := write(p, secret)
	w.until(t, 5)
	kill(t, pg)
	eventually(t, "/readyz says that the database is gone", func() bool {
		status, body := get(t, p.public+"/readyz")
		return status == 503 && body == "not ready: database\n"
	})
	if status, _ := get(t, p.public+"/healthz"); status != 200 {
		t.Errorf("/healthz without a database: %d", status)
	}
	restart(t, pg)
	ready(t, p)
	w.until(t, 5)
	restart(t, pg) // an orderly one, under load
	ready(t, p)
	w.until(t, 5)
	acknowledged := w.end()

	token := p.token("service", secret, "users:read")
	for _, userID := range acknowledged {
		if status, body := p.call(token, http.MethodGet, "/v1/users/"+userID, ""); status != 200 {
			t.Errorf("acknowledged and lost: %s: %d %s", userID, status, body)
		}
	}
	if len(acknowledged) < 15 {
		t.Errorf("only %d writes were acknowledged", len(acknowledged))
	}
	p.stop()
	p.gone()
}

// kill ends the server as a crash would.
func kill(t *testing.T, pg *pgtest.Server) {
	t.Helper()
	if err := syscall.Kill(pg.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func restart(t *testing.T, pg *pgtest.Server) {
	t.Helper()
	if err := pg.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func ready(t *testing.T, p *process) {
	t.Helper()
	eventually(t, "/readyz says ready", func() bool {
		status, _ := get(t, p.public+"/readyz")
		return status == 200
	})
}

// writer creates users through the API, one after the other, whatever the answers are.
type writer struct {
	stop chan struct{}
	done chan struct{}

	mu  sync.Mutex
	ids []string // acknowledged
}

func write(p *process, secret string) *writer {
	w := &writer{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for n, token := 0, ""; ; n++ {
			select {
			case <-w.stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			if token == "" {
				token, _ = p.askToken("service", secret, "users:write")
			}
			status, body := p.call(token, http.MethodPost, "/v1/users", fmt.Sprintf(`{"email": "user%d@example.com"}`, n))
			var made struct{ ID string }
			if json.Unmarshal([]byte(body), &made) == nil && status == http.StatusCreated {
				w.mu.Lock()
				w.ids = append(w.ids, made.ID)
				w.mu.Unlock()
			}
			if status == http.StatusUnauthorized { // it lives 60 s
				token = ""
			}
		}
	}()
	return w
}

func (w *writer) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ids)
}

// until waits for that many more writes to be acknowledged.
func (w *writer) until(t *testing.T, more int) {
	t.Helper()
	from := w.count()
	eventually(t, "writes are acknowledged", func() bool { return w.count() >= from+more })
}

func (w *writer) end() []string {
	close(w.stop)
	<-w.done
	return w.ids
}
