package api_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/storage"
)

func TestRepeatedRequestIsRunOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const body = `{"email":"once@example.com"}`
		first := w.do(t, "POST", "/v1/users", body, "Idempotency-Key", `"k-1"`).want(t, 201)
		// The same request with the key in either spelling.
		for _, key := range []string{`"k-1"`, "k-1"} {
			again := w.do(t, "POST", "/v1/users", body, "Idempotency-Key", key).want(t, 201)
			if again.raw != first.raw || again.header.Get("ETag") != first.header.Get("ETag") || again.header.Get("Idempotency-Replayed") != "true" {
				t.Errorf("%s: %s, headers %v", key, again.raw, again.header)
			}
		}
		for _, other := range []struct{ path, body string }{{"/v1/users", `{"email":"other@example.com"}`},
			{"/v1/users/" + first.text("id") + "/disable", ""}} {
			if got := w.do(t, "POST", other.path, other.body, "Idempotency-Key", "k-1").wantFault(t, 422, "header", "Idempotency-Key"); got.text("code") != "key_reused" {
				t.Error(got.raw)
			}
		}
		// Another caller's key of the same name is another.
		other := w.newService(t, api.ScopeUsersWrite)
		w.send(t, w.tokenOf(t, other, api.ScopeUsersWrite), "POST", "/v1/users", body, "Idempotency-Key", "k-1").wantFault(t, 409, "body", "email")
		// It counts for a day.
		w.clock.Advance(api.KeepAnswers)
		if err := w.api.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.do(t, "POST", "/v1/users", body, "Idempotency-Key", "k-1").want(t, 201)
		w.clock.Advance(time.Microsecond)
		if err := w.api.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.do(t, "POST", "/v1/users", body, "Idempotency-Key", "k-1").wantFault(t, 409, "body", "email")
		for _, bad := range []string{"", `""`, strings.Repeat("a", 256), "caf\u00e9"} {
			w.do(t, "POST", "/v1/users", body, "Idempotency-Key", bad).wantFault(t, 400, "header", "Idempotency-Key")
		}
	})
}

// A refusal did nothing, and the same request can be good a moment later.
func TestRefusalIsNotKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.person(t, "taken@example.com")
		w.do(t, "POST", "/v1/users", `{"email":"taken@example.com"}`, "Idempotency-Key", "k").want(t, 409)
		w.do(t, "DELETE", "/v1/users/"+userID, "").want(t, 200)
		w.do(t, "POST", "/v1/users", `{"email":"taken@example.com"}`, "Idempotency-Key", "k").want(t, 201)
	})
}

// A secret that is shown once is shown again to who has not got it, and lies nowhere in clear.
func TestKeptSecretsAreSealed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const body = `{"name":"k","scopes":["users:read"]}`
		first := w.do(t, "POST", "/v1/api_keys", body, "Idempotency-Key", "k").want(t, 201)
		if d := cmp.Diff(first.body, w.do(t, "POST", "/v1/api_keys", body, "Idempotency-Key", "k").want(t, 201).body); d != "" {
			t.Error(d)
		}
		row := w.taken(t, "k")
		if len(row.Answer) == 0 || bytes.Contains(row.Answer, []byte("csk_")) || bytes.Contains(row.Answer, []byte("api_key")) {
			t.Errorf("kept as %q", row.Answer)
		}
	})
}

// taken reads the row of a key of w.service's.
func (w *world) taken(t *testing.T, key string) *storage.IdempotencyKey {
	t.Helper()
	k := &storage.IdempotencyKey{Caller: "client " + w.service, KeyHash: secret.Hash(key), RequestHash: []byte("another"), Attempt: "peek",
		LeasedUntil: storage.At(w.clock.Now()), CreatedAt: storage.At(w.clock.Now())}
	there, err := w.Store.BeginOnce(t.Context(), k, w.clock.Now())
	if !errors.Is(err, storage.ErrConflict) {
		t.Fatalf("the key %q is not taken: %v", key, err)
	}
	return there
}

func TestTwentyAtOnceActOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		answers := make([]answer, 20)
		for i := range answers {
			wg.Go(func() {
				answers[i] = w.do(t, "POST", "/v1/api_keys", `{"name":"one","scopes":["users:read"]}`, "Idempotency-Key", "k")
			})
		}
		wg.Wait()
		made := map[string]bool{}
		for _, a := range answers {
			switch a.status {
			case http.StatusCreated:
				made[a.text("id")] = true
			case http.StatusConflict:
				if a.text("code") != "in_progress" {
					t.Errorf("refused by %s", a.raw)
				}
			default:
				t.Errorf("%d %s", a.status, a.raw)
			}
		}
		list := w.do(t, "GET", "/v1/api_keys", "").want(t, 200).body["data"].([]any)
		if len(made) != 1 || len(list) != 1 {
			t.Errorf("%d answers, %d keys", len(made), len(list))
		}
	})
}

// What a process leaves behind that dies: before the act the request is run anew, behind it never again. One that only was
// slow finds that another has its key, and does nothing.
func TestCrashBetweenActAndAnswer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, now := t.Context(), w.clock.Now()
		k := &storage.IdempotencyKey{Caller: "client x", KeyHash: secret.Hash("k"), RequestHash: secret.Hash("r"), Attempt: "one",
			LeasedUntil: storage.At(now.Add(time.Minute)), CreatedAt: storage.At(now)}
		if _, err := w.Store.BeginOnce(ctx, k, now); err != nil {
			t.Fatal(err)
		}
		second := *k
		second.Attempt = "two"
		if _, err := w.Store.BeginOnce(ctx, &second, now); !errors.Is(err, storage.ErrConflict) {
			t.Fatalf("taken twice: %v", err)
		}
		later := now.Add(2 * time.Minute) // the first has not acted
		second.LeasedUntil = storage.At(later.Add(time.Minute))
		if _, err := w.Store.BeginOnce(ctx, &second, later); err != nil {
			t.Fatalf("not taken over: %v", err)
		}
		marked := func(k *storage.IdempotencyKey, name string) error {
			ctx := storage.Alongside(ctx, func(ctx context.Context, tx *storage.Store) error { return tx.ActOnce(ctx, k) })
			return w.Store.Tx(ctx, func(tx *storage.Store) error {
				return tx.InsertAPIKey(ctx, &storage.APIKey{ID: name, Name: name, SecretHash: []byte(name), CreatedByKind: storage.MadeByCLI, CreatedAt: storage.At(now)})
			})
		}
		if err := marked(k, "slow"); !errors.Is(err, storage.ErrConflict) {
			t.Fatalf("the slow one acted: %v", err)
		}
		if _, err := w.Store.APIKey(ctx, "slow"); !errors.Is(err, storage.ErrNotFound) {
			t.Fatalf("and left something: %v", err)
		}
		if err := marked(&second, "done"); err != nil {
			t.Fatal(err)
		}
		third := *k
		third.Attempt = "three"
		there, err := w.Store.BeginOnce(ctx, &third, later.Add(time.Hour))
		if !errors.Is(err, storage.ErrConflict) || !there.Acted || there.Status != 0 {
			t.Fatalf("run again: %+v, %v", there, err)
		}
	})
}

// The transaction of an operation marks its key, which is what the promise rests on: without an answer it is not run again.
func TestLostAnswerIsSaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const body = `{"email":"lost@example.com"}`
		w.do(t, "POST", "/v1/users", body, "Idempotency-Key", "k").want(t, 201)
		row := w.taken(t, "k")
		if !row.Acted {
			t.Fatal("the key was not marked")
		}
		row.Status, row.Answer = 0, nil
		if err := w.Store.AnswerOnce(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(2 * time.Minute)
		if got := w.do(t, "POST", "/v1/users", body, "Idempotency-Key", "k").want(t, 409); got.text("code") != "answer_lost" {
			t.Error(got.raw)
		}
	})
}
