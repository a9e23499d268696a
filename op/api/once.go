package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// A POST that carries an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) is run once, however often it is sent:
//
//   - The key is taken by one statement before anything else. Who comes second while it runs gets 409, with another request 422.
//   - The transaction of the act marks the key, and only if the attempt still holds it. So after a crash it is known whether the
//     act was made: if not, the next attempt makes it; if so, it is not made again, and where the answer was lost that is what
//     is said. An operation of several transactions counts as made with its first.
//   - What was answered is kept for KeepAnswers, sealed under the key-encryption key, and replayed whole, secrets too: who
//     repeats a request has not got its answer, and a secret that nobody has seen would be lost. Only the same caller can ask.
//   - An answer that refuses did nothing and is not kept: the request can be sent again once its cause is gone.

// KeepAnswers is how long a key counts.
const KeepAnswers = 24 * time.Hour

const (
	onceHeader = "Idempotency-Key"
	onceLease  = time.Minute // longer than any operation takes
)

func onceParam() *huma.Param {
	n := 255
	return &huma.Param{Name: onceHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &n},
		Description: "Of your own making: for 24 hours the same request with the same key is run once and answered the same"}
}

// streams marks an operation that reads its body as it comes and keeps its own account of what is done.
const streams = "streams"

func (a *API) runOnce(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	values := r.Header.Values(onceHeader)
	if len(values) == 0 || r.Method != http.MethodPost {
		next(ctx)
		return
	}
	err := a.once(ctx, r, w, values, next)
	var p *Problem
	if err != nil && errors.As(a.problemOf(r.Context(), err), &p) {
		p.write(r.Context(), w)
	}
}

func (a *API) once(ctx huma.Context, r *http.Request, w http.ResponseWriter, values []string, next func(huma.Context)) error {
	name, err := onceName(values)
	if err != nil {
		return err
	}
	if ctx.Operation().Metadata[streams] != nil {
		return problem(http.StatusBadRequest, "invalid_request", "this operation is resumed by its offset and takes no key",
			Fault{"header", onceHeader, "is not taken here"})
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return problem(http.StatusBadRequest, "invalid_request", "the body broke off")
	}
	if len(body) > maxBody {
		return ofFramework(http.StatusRequestEntityTooLarge, nil)
	}
	now := a.Clock.Now()
	k := &storage.IdempotencyKey{Caller: onceCaller(ctx), KeyHash: secret.Hash(name), Attempt: secret.New(12),
		RequestHash: secret.Hash(string(secret.MAC(nil, []byte(r.Method), []byte(r.URL.RequestURI()), body))),
		LeasedUntil: storage.At(now.Add(onceLease)), CreatedAt: storage.At(now)}
	there, err := a.Store.BeginOnce(r.Context(), k, now)
	if errors.Is(err, storage.ErrConflict) {
		return a.again(w, k, there)
	}
	if err != nil {
		return err
	}
	inner := storage.Alongside(ctx.Context(), func(ctx context.Context, tx *storage.Store) error { return tx.ActOnce(ctx, k) })
	r2 := r.WithContext(inner)
	r2.Body = io.NopCloser(bytes.NewReader(body))
	kept := &answerWriter{header: http.Header{}}
	next(humago.NewContext(ctx.Operation(), r2, kept))
	if err := a.keep(context.WithoutCancel(r.Context()), k, kept); err != nil {
		a.Log.WarnContext(r.Context(), "answer not kept for its repetition", "error", err)
	}
	kept.send(w)
	return nil
}

// again answers a request whose key was taken before.
func (a *API) again(w http.ResponseWriter, k, there *storage.IdempotencyKey) error {
	conflict := func(code, detail string) error {
		return problem(http.StatusConflict, code, detail, Fault{"header", onceHeader, detail})
	}
	switch {
	case there == nil:
		return conflict("in_progress", "the request with this key is being run; try again")
	case !secret.Equal(there.RequestHash, k.RequestHash):
		return problem(http.StatusUnprocessableEntity, "key_reused", "another request was sent with this key",
			Fault{"header", onceHeader, "belongs to another request"})
	case there.Status == 0 && there.Acted && !there.LeasedUntil.After(a.Clock.Now()):
		return conflict("answer_lost", "the request with this key was carried out and its answer is lost; look at what there is")
	case there.Status == 0:
		return conflict("in_progress", "the request with this key is being run; try again")
	}
	plain, err := a.Sealer.Open(there.Answer, onceSeal(there))
	if err != nil {
		return fmt.Errorf("open kept answer: %w", err)
	}
	kept := &answerWriter{}
	var stored keptAnswer
	if err := json.Unmarshal(plain, &stored); err != nil {
		return fmt.Errorf("read kept answer: %w", err)
	}
	kept.header, kept.status = stored.Header, int(there.Status)
	kept.body.Write(stored.Body)
	kept.header.Set("Idempotency-Replayed", "true")
	kept.send(w)
	return nil
}

type keptAnswer struct {
	Header http.Header
	Body   []byte
}

func onceSeal(k *storage.IdempotencyKey) string {
	return "idempotency_keys." + k.Caller + "." + string(k.KeyHash)
}

// keep stores what was answered if it was done, and gives the key back if it was not.
func (a *API) keep(ctx context.Context, k *storage.IdempotencyKey, w *answerWriter) error {
	if w.status >= 400 {
		return a.Store.ForgetOnce(ctx, k)
	}
	plain, err := json.Marshal(keptAnswer{w.header, w.body.Bytes()})
	if err != nil {
		return err
	}
	k.Status, k.Answer = int64(w.status), a.Sealer.Seal(plain, onceSeal(k))
	return a.Store.AnswerOnce(ctx, k)
}

// onceName reads the header: a string of RFC 9651 in its quotes, or as most send it, without.
func onceName(values []string) (string, error) {
	name := values[0]
	if n := len(name); n >= 2 && name[0] == '"' && name[n-1] == '"' {
		name = name[1 : n-1]
	}
	if len(values) > 1 || name == "" || len(name) > 255 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", problem(http.StatusBadRequest, "invalid_request", onceHeader+" must be one string of 1 to 255 printable characters",
			Fault{"header", onceHeader, "must be one string of 1 to 255 printable characters"})
	}
	return name, nil
}

// onceCaller is whose the key is: nobody meets another's, and no session gets what was made for another one of its user.
func onceCaller(ctx huma.Context) string {
	if c := callerIn(ctx.Context()); c != nil {
		return c.kind + " " + c.id
	}
	g := ownOf(ctx.Context())
	return "own " + g.UserID + " " + g.ClientID + " " + g.SessionID
}

// Forget removes keys that count no more.
func (a *API) Forget(ctx context.Context) error {
	const n = 1000
	for {
		gone, err := a.Store.DeleteIdempotencyKeys(ctx, a.Clock.Now().Add(-KeepAnswers), n)
		if err != nil || gone < n {
			return err
		}
	}
}

// answerWriter holds an answer back.
type answerWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answerWriter) Header() http.Header { return w.header }

func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *answerWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *answerWriter) send(to http.ResponseWriter) {
	maps.Copy(to.Header(), w.header)
	to.WriteHeader(max(w.status, http.StatusOK))
	_, _ = to.Write(w.body.Bytes())
}
