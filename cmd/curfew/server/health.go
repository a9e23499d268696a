package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
)

// withOrigin says in the context where a request came from, for sessions and the audit.
func withOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agent := r.UserAgent()
		// A header may hold any bytes; what is stored must be text, also where it was cut.
		agent = strings.ToValidUTF8(agent[:min(len(agent), 300)], "")
		ctx := audit.WithOrigin(r.Context(), audit.Origin{IPAddress: httpx.ClientAddr(r.Context()).String(), UserAgent: agent,
			RequestID: httpx.RequestID(r.Context())})
		r2 := r.WithContext(ctx)
		next.ServeHTTP(w, r2)
		r.Pattern = r2.Pattern // for the log line and the metrics
	})
}

// healthz says that the process answers.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }

// readyz says whether requests should come here: the database answers, the clock is right, the schema is current. What
// is wrong is named, because operators look here, and nothing more is told.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	fault := ""
	switch {
	case s.Store.Ping(ctx) != nil:
		fault = "database"
	case s.sync != nil && s.sync.Check() != nil:
		fault = "clock"
	default:
		if pending, err := s.Store.Pending(ctx); err != nil || len(pending) > 0 {
			fault = "migrations"
		}
	}
	if stopping(r) {
		fault = "stopping"
	}
	w.Header().Set("Cache-Control", "no-store")
	if fault != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("not ready: " + fault + "\n"))
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

func stopping(r *http.Request) bool {
	select {
	case <-httpx.Stopping(r.Context()):
		return true
	default:
		return false
	}
}
