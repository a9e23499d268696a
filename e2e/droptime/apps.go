package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/curfew-id/curfew/op/client"
)

const (
	appsOfSession = 5
	// hangs: of so many apps one never answers, with the fault that is about their number.
	hangs = 5
)

// apps are further receivers of the back channel beside the parties: one that hangs and takes part in every session, or ten
// thousand of which every fifth does.
type apps struct {
	rig   *rig
	n     int
	every int // one of so many hangs

	mu    sync.Mutex
	told  map[string]time.Time // by app and session
	tries int                  // that were left without an answer
}

func appID(n int) string { return fmt.Sprintf("crowd-%05d", n) }

// registerApps adds them where the fault is about them: one by one through the registry, many as copies of the first.
func (r *rig) registerApps(ctx context.Context, registry *client.Registry) error {
	switch r.Fault {
	case faultHang:
		r.apps = &apps{rig: r, n: 1, every: 1}
	case faultApps:
		r.apps = &apps{rig: r, n: r.Apps, every: hangs}
	default:
		return nil
	}
	a := r.apps
	a.told = map[string]time.Time{}
	r.mux.HandleFunc("POST /crowd/{app}", a.tell)
	uri := func(n int) string { return "http://" + r.address + "/crowd/" + appID(n) }
	_, _, err := registry.Register(ctx, r.store, appID(0), client.Metadata{RedirectURIs: []string{"https://app.example.com/callback"},
		BackchannelLogoutURI: uri(0)})
	if err != nil {
		return fmt.Errorf("register an app: %w", err)
	}
	return r.connected(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `INSERT INTO clients (id, secret_hash, metadata, epoch, version, created_at, updated_at)
			SELECT 'crowd-' || lpad(n::text, 5, '0'), secret_hash, replace(metadata, $1, 'crowd-' || lpad(n::text, 5, '0')), epoch, version,
			created_at, updated_at FROM clients, generate_series(1, $2::int) n WHERE id = $1`, appID(0), a.n-1)
		return err
	})
}

// beside are the apps that take part in a session beside its party.
func (r *rig) beside(h *held) (clientIDs []string) {
	switch {
	case r.apps == nil:
		return nil
	case r.apps.n == 1:
		return []string{appID(0)}
	}
	for i := range appsOfSession {
		clientIDs = append(clientIDs, appID((h.n*appsOfSession+i)%r.apps.n))
	}
	return clientIDs
}

func (a *apps) hangs(clientID string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(clientID, "crowd-"))
	return err == nil && n%a.every == 0
}

// tell receives a logout token. What is in it is for the tests of package rp to check; here counts when it came, and for
// which session.
func (a *apps) tell(w http.ResponseWriter, q *http.Request) {
	clientID := q.PathValue("app")
	if a.hangs(clientID) {
		a.mu.Lock()
		a.tries++
		a.mu.Unlock()
		_, _ = io.Copy(io.Discard, q.Body) // or the server would not see the caller go
		<-q.Context().Done()
		return
	}
	var claims struct {
		SessionID string `json:"sid"`
	}
	if err := payloadOf(q.PostFormValue("logout_token"), &claims); err != nil || claims.SessionID == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	key := clientID + " " + claims.SessionID
	if a.told[key].IsZero() {
		a.told[key] = now()
	}
}

// crowd is what became of the apps' messages.
type crowd struct {
	Apps    int     `json:"apps"`
	Hanging int     `json:"hanging"`
	Told    int     `json:"told"`
	P50     float64 `json:"p50_ms"` // from the acknowledged end to the message, of those that answer, where the end owed it at once
	P99     float64 `json:"p99_ms"`
	Max     float64 `json:"max_ms"`
	JobMax  float64 `json:"by_job_max_ms"` // where a job had to come by first
	Tries   int     `json:"unanswered_tries"`
}

// crowdP99 is past what those that answer may not be held up by those that hang.
const crowdP99 = 5 * time.Second

// judge compares what the apps were told with what they had to be.
func (a *apps) judge(ends []*end) (c *crowd, err error) {
	c = &crowd{Apps: a.n}
	var took, byJob []time.Duration
	a.mu.Lock()
	defer a.mu.Unlock()
	missing := 0
	for n := range a.n {
		if a.hangs(appID(n)) {
			c.Hanging++
		}
	}
	for _, e := range ends {
		if !e.acked {
			continue
		}
		for _, clientID := range a.rig.beside(e.held) {
			if a.hangs(clientID) {
				continue
			}
			at := a.told[clientID+" "+e.sessionID]
			if at.IsZero() {
				missing++
				continue
			}
			if e.cause == nil || e.cause.job {
				byJob = append(byJob, max(0, at.Sub(e.At)))
				continue
			}
			took = append(took, max(0, at.Sub(e.At)))
		}
	}
	c.Told, c.Tries = len(took)+len(byJob), a.tries
	c.P50, c.P99, c.Max = quantiles(took)
	_, _, c.JobMax = quantiles(byJob)
	switch {
	case missing > 0:
		err = fmt.Errorf("%d messages did not reach apps that answer", missing)
	case len(took) > 0 && c.P99 > ms(crowdP99):
		err = fmt.Errorf("apps that hang held up others: p99 %.0f ms", c.P99)
	case a.tries == 0:
		err = errors.New("no app was kept waiting for")
	}
	return c, err
}
