package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/curfew-id/curfew/e2e/leash"
	"github.com/curfew-id/curfew/internal/clock"
)

// floor is the child that does nothing but the least that a refresh is made of, so that it can be metered alike.
func floor() error {
	t, ctx, err := leash.Obey[task]()
	if err != nil {
		return err
	}
	f := &floorWork{url: t.DatabaseURL}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /exchange", f.exchange)
	mux.HandleFunc("POST /statement", f.timed(f.statements))
	mux.HandleFunc("POST /signatures", f.timed(f.signatures))
	return listen(ctx, t.Address, mux)
}

type floorWork struct{ url string }

// exchange reads a form and answers with as many bytes as a refresh does.
func (f *floorWork) exchange(w http.ResponseWriter, r *http.Request) {
	if _, err := io.ReadAll(r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header()["Content-Type"] = []string{"application/json"}
	_, _ = w.Write(exchanged)
}

// exchanged is as long as the answer to a refresh.
var exchanged = func() []byte {
	b := make([]byte, 1500)
	for i := range b {
		b[i] = 'x'
	}
	return b
}()

// timed answers with how often the work was done in the given milliseconds.
func (f *floorWork) timed(work func(ctx context.Context, until func() bool) (int, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ms, err := strconv.Atoi(r.URL.Query().Get("ms"))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		end := now().Add(time.Duration(ms) * time.Millisecond)
		n, err := work(r.Context(), func() bool { return now().Before(end) })
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprintln(w, n, err)
	}
}

// statements reads one row by its primary key, prepared, one after the other.
func (f *floorWork) statements(ctx context.Context, going func() bool) (n int, err error) {
	conn, err := pgx.Connect(ctx, f.url)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	var version int64
	for ; going(); n++ {
		if err := conn.QueryRow(ctx, "SELECT version FROM clients WHERE id = $1", keptClient).Scan(&version); err != nil {
			return n, err
		}
	}
	return n, nil
}

// signatures makes two at a time, as a refresh does.
func (f *floorWork) signatures(_ context.Context, going func() bool) (n int, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return 0, err
	}
	for ; going(); n++ {
		for i := range 2 {
			sum := sha256.Sum256([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(i)})
			if _, err := key.Sign(nil, sum[:], crypto.SHA256); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

func now() time.Time { return clock.System{}.Now() }
