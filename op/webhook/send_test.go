package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
)

// verified fails unless one of the signatures of a request is by s.
func (w *world) verified(g got, s webhook.Secret) {
	w.Helper()
	seconds, err := strconv.ParseInt(g.header.Get(webhook.HeaderTimestamp), 10, 64)
	w.must(err)
	want := s.Sign(g.header.Get(webhook.HeaderID), time.Unix(seconds, 0), g.raw)
	if !strings.Contains(" "+g.header.Get(webhook.HeaderSignature)+" ", " "+want+" ") {
		w.Errorf("%s is not signed by the secret: %v", g.raw, g.header)
	}
}

func signatures(g got) int { return len(strings.Fields(g.header.Get(webhook.HeaderSignature))) }

func TestDelivers(t *testing.T) {
	each(t, func(w *world) {
		r := w.receiver(nil)
		plain, s := w.endpoint(webhook.Fields{URL: r.URL + "/plain", Events: []webhook.Event{webhook.UserUpdated}})
		w.endpoint(webhook.Fields{URL: r.URL + "/private", Events: []webhook.Event{webhook.UserUpdated}, IncludePrivateMetadata: true})
		u := w.person("ada@example.com")
		u.PrivateMetadata = `{"ledger":12345678901234567890}`
		w.must(w.users.Update(w.Context(), w.store, w.door, u, "test"))
		w.clock.Advance(time.Minute)
		w.run(w.quick())
		w.until("delivered", func() bool { return len(r.got()) == 2 })
		list := r.got()
		if list[0].ID != list[1].ID || list[0].At != "2026-03-01T12:00:00.000Z" || list[0].Data["id"] != u.ID ||
			list[0].header.Get(webhook.HeaderTimestamp) != strconv.FormatInt(start.Add(time.Minute).Unix(), 10) ||
			list[0].header.Get("Content-Type") != "application/json" {
			w.Errorf("%+v", list[0])
		}
		told := 0
		for _, g := range list {
			if strings.Contains(string(g.raw), `"private_metadata":{"ledger":12345678901234567890}`) {
				told++
			} else if strings.Contains(string(g.raw), "private") {
				w.Errorf("%s", g.raw)
			} else {
				w.verified(g, s)
			}
		}
		if told != 1 {
			w.Errorf("%d endpoints were told of private metadata", told)
		}
		w.until("settled", w.settled(plain.ID))
		if d := w.log(plain.ID)[0]; d.Outcome != delivery.Delivered || d.LastStatus != 200 || d.Attempts != 1 || d.SessionID != "" {
			w.Errorf("%+v", d)
		}
	})
}

// An attempt that failed is made again under the same id, with a time and a signature of its own. What is owed to one
// user waits for it, what is owed to others does not, and other receivers notice nothing.
func TestTriesAgainInOrder(t *testing.T) {
	each(t, func(w *world) {
		stuck := ""
		r := w.receiver(func(_ int, g got) int {
			if stuck == "" {
				stuck = g.ID
			}
			if g.ID == stuck && w.clock.Now().Before(start.Add(2*time.Hour)) {
				return 400
			}
			return 204
		})
		other := w.receiver(nil)
		e, s := w.endpoint(webhook.Fields{URL: r.URL})
		w.endpoint(webhook.Fields{URL: other.URL})
		a := w.person("a@example.com")
		w.run(w.quick())
		w.until("tried", func() bool { return len(r.got()) == 1 })
		for range 5 {
			a.Name += "!"
			w.must(w.users.Update(w.Context(), w.store, w.door, a, "test"))
		}
		b := w.person("b@example.com")
		w.until("the other user's arrived", func() bool { list := r.got(); return list[len(list)-1].Data["id"] == b.ID })
		w.until("the other receiver has all", func() bool { return len(other.got()) == 7 })
		w.until("tried again", func() bool {
			before := w.log(e.ID)[0]
			w.clock.Advance(10 * time.Minute)
			for now, n := before, 0; n < 50 && now.Attempts == before.Attempts; n++ { // time to try, if it is due
				time.Sleep(4 * time.Millisecond)
				now = w.log(e.ID)[0]
			}
			return w.log(e.ID)[0].Outcome == delivery.Delivered
		})
		w.until("settled", w.settled(e.ID))
		var names, times []string
		for _, g := range r.got() {
			w.verified(g, s)
			if g.ID == stuck {
				times = append(times, g.header.Get(webhook.HeaderTimestamp))
			} else if g.Data["id"] == a.ID {
				names = append(names, g.Data["name"].(string))
			}
		}
		if d := cmp.Diff([]string{"Ada Example!", "Ada Example!!", "Ada Example!!!", "Ada Example!!!!", "Ada Example!!!!!"}, names); d != "" {
			w.Error(d)
		}
		if len(times) < 3 || times[0] == times[len(times)-1] {
			w.Errorf("attempts at %v", times)
		}
	})
}

// During a rotation both secrets verify, for as long as was asked; an endpoint's key pair rotates likewise.
func TestRotation(t *testing.T) {
	each(t, func(w *world) {
		r := w.receiver(nil)
		e, first := w.endpoint(webhook.Fields{URL: r.URL})
		w.run(w.quick())
		next := func() got {
			w.Helper()
			n := len(r.got())
			_, err := w.webhooks.Test(w.Context(), w.store, w.read(e.ID))
			w.must(err)
			w.until("delivered", func() bool { return len(r.got()) > n })
			return r.got()[n]
		}
		if g := next(); signatures(g) != 1 || g.Type != "webhook.test" || g.Data["id"] != e.ID {
			w.Errorf("%s %v", g.raw, g.header)
		}
		second, err := w.webhooks.Rotate(w.Context(), w.store, w.read(e.ID), webhook.DefaultOverlap, "test")
		w.must(err)
		w.clock.Advance(webhook.DefaultOverlap - time.Second)
		g := next()
		if w.verified(g, first); signatures(g) != 2 || !strings.HasPrefix(g.header.Get(webhook.HeaderSignature), second.Sign(g.ID, w.clock.Now(), g.raw)) {
			w.Errorf("%v", g.header)
		}
		w.clock.Advance(time.Second)
		if g = next(); signatures(g) != 1 {
			w.Errorf("after the overlap: %v", g.header)
		}
		w.verified(g, second)
		third, err := w.webhooks.Rotate(w.Context(), w.store, w.read(e.ID), 0, "test")
		w.must(err)
		if g = next(); signatures(g) != 1 {
			w.Errorf("without an overlap: %v", g.header)
		}
		w.verified(g, third)
		if row := w.read(e.ID); strings.Contains(string(row.Secret), "whsec") || len(row.PreviousSecret) > 0 {
			w.Errorf("stored %q", row.Secret)
		}

		pair, key, err := w.webhooks.Create(w.Context(), w.store, webhook.Fields{URL: r.URL}, webhook.Ed25519, "test")
		w.must(err)
		_, err = w.webhooks.Rotate(w.Context(), w.store, pair, time.Hour, "test")
		w.must(err)
		e = pair
		if g = next(); strings.Count(g.header.Get(webhook.HeaderSignature), "v1a,") != 2 {
			w.Errorf("%v", g.header)
		}
		w.verified(g, key)
		if now := w.read(e.ID); now.PublicKey == "" || now.PublicKey == key.Public() {
			w.Errorf("public key %s", now.PublicKey)
		}
	})
}

// inside is a resolver for which every name leads into the private network.
type inside struct{}

func (inside) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("169.254.169.254")}, nil
}

// Nothing is sent to addresses that are not public, however they are written, and a redirect leads nowhere.
func TestStaysOutside(t *testing.T) {
	each(t, func(w *world) {
		strict := webhook.New(func() webhook.Options {
			o := w.options(w.store, httpx.NewDoer(httpx.Options{Resolver: inside{}}))
			o.AllowPrivate = nil
			return o
		}())
		for _, url := range []string{"http://app.example.com/", "https://10.0.0.1/", "https://127.0.0.1/", "http://localhost/", "https://[::1]/",
			"https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest", "ftp://app.example.com/", "https://", "/hooks", "", "https://user:pw@app.example.com/",
			"https://app.example.com/#x", "https://app.example.com/ä", "javascript:alert(1)"} {
			_, _, err := strict.Create(w.Context(), w.store, webhook.Fields{URL: url}, webhook.HMAC, "test")
			if f := (*webhook.FieldError)(nil); !errors.As(err, &f) || f.Field != "url" {
				w.Errorf("%q: %v", url, err)
			}
		}
		e, _, err := strict.Create(w.Context(), w.store, webhook.Fields{URL: "https://inside.example.com/"}, webhook.HMAC, "test")
		w.must(err)
		target := w.receiver(nil)
		redirecting := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
		w.Cleanup(redirecting.Close)
		away, _ := w.endpoint(webhook.Fields{URL: redirecting.URL})
		w.person("ada@example.com")
		send := func(by *webhook.Webhooks, to *storage.WebhookEndpoint) (int, error) {
			return by.Send(w.Context(), &w.log(to.ID)[0].Delivery)
		}
		if _, err := send(strict, e); delivery.ClassOf(err) != delivery.NotPublic {
			w.Errorf("a name that leads inside: %v", err)
		}
		if status, err := send(w.webhooks, away); delivery.ClassOf(err) != delivery.Redirected || status != 307 || len(target.got()) > 0 {
			w.Errorf("a redirect: %d %v, %d requests behind it", status, err, len(target.got()))
		}
	})
}

// An endpoint that did nothing but fail for five days is disabled once, and its owner told; one that answers begins anew.
func TestDisables(t *testing.T) {
	each(t, func(w *world) {
		ctx, status := w.Context(), http.StatusInternalServerError
		r := w.receiver(func(int, got) int { return status })
		e, _ := w.endpoint(webhook.Fields{URL: r.URL, OwnerEmail: "owner@example.com"})
		u := w.person("ada@example.com")
		attempt := func() { _, _ = w.webhooks.Send(ctx, &w.log(e.ID)[0].Delivery) }
		attempt()
		w.clock.Advance(webhook.DisableAfter - time.Second)
		attempt()
		if now := w.read(e.ID); !now.FailingSince.Equal(start) || now.DisabledAt.Set() || now.Version != 1 {
			w.Fatalf("%+v", now)
		}
		status = http.StatusOK
		attempt()
		status = http.StatusBadGateway
		w.clock.Advance(time.Second)
		attempt()
		if now := w.read(e.ID); !now.FailingSince.Equal(w.clock.Now()) || now.DisabledAt.Set() {
			w.Fatalf("%+v", now)
		}
		w.clock.Advance(webhook.DisableAfter)
		d := w.log(e.ID)[0].Delivery
		d.Attempts = 2
		if _, _ = w.webhooks.Send(ctx, &d); w.read(e.ID).DisabledAt.Set() {
			w.Error("disabled for a failure of days ago and a new one")
		}
		d.Attempts = 3
		for range 3 {
			_, _ = w.webhooks.Send(ctx, &d)
		}
		now := w.read(e.ID)
		if now.DisabledReason != webhook.ReasonFailed || !now.DisabledAt.Equal(w.clock.Now()) {
			w.Errorf("%+v", now)
		}
		if len(w.mails) != 1 || w.mails[0].To != "owner@example.com" || !strings.Contains(w.mails[0].Text, r.URL) {
			w.Errorf("%+v", w.mails)
		}
		if _, err := w.webhooks.Send(ctx, &d); !errors.Is(err, delivery.ErrGone) {
			w.Errorf("sent to a disabled endpoint: %v", err)
		}
		u.Name = "Nobody"
		w.must(w.users.Update(ctx, w.store, w.door, u, "test"))
		if list := w.types(e.ID); len(list) != 1 {
			w.Errorf("owed while disabled: %v", list)
		}
		if _, err := w.webhooks.Test(ctx, w.store, now); !errors.Is(err, webhook.ErrDisabled) {
			w.Error(err)
		}
		w.must(w.webhooks.Enable(ctx, w.store, now, "test"))
		status = http.StatusGone
		_, _ = w.webhooks.Send(ctx, &d)
		if now := w.read(e.ID); now.DisabledReason != webhook.ReasonGone || len(w.mails) != 2 {
			w.Errorf("%+v", now)
		}
		events, err := w.store.UnsealedEvents(ctx, 100)
		w.must(err)
		var kinds []string
		for _, e := range events {
			if strings.HasPrefix(e.Kind, "webhook.") {
				kinds = append(kinds, e.Kind)
			}
		}
		if d := cmp.Diff([]string{string(audit.WebhookCreated), string(audit.WebhookDisabled), string(audit.WebhookEnabled), string(audit.WebhookDisabled)}, kinds); d != "" {
			w.Error(d)
		}
	})
}

// What failed can be sent again as it was, for thirty days, and of a deleted user for as long as the deletion is told.
func TestResends(t *testing.T) {
	each(t, func(w *world) {
		ctx, status := w.Context(), http.StatusBadRequest
		r := w.receiver(func(int, got) int { return status })
		e, _ := w.endpoint(webhook.Fields{URL: r.URL})
		u := w.person("ada@example.com")
		old := w.log(e.ID)[0]
		if _, err := w.webhooks.Resend(ctx, w.store, e, old.ID); !errors.Is(err, webhook.ErrPending) {
			w.Errorf("pending: %v", err)
		}
		w.run(w.quick())
		w.until("given up", func() bool { w.clock.Advance(5 * time.Minute); return w.settled(e.ID)() })
		if d := w.log(e.ID)[0]; d.Outcome != delivery.Failed || w.clock.Now().Before(start.Add(delivery.TTL-time.Hour)) {
			w.Errorf("at %s: %+v", w.clock.Now(), d)
		}
		status = http.StatusOK
		again, err := w.webhooks.Resend(ctx, w.store, e, old.ID)
		if w.must(err); again.ID == old.ID || again.MessageID != old.MessageID || again.Type != "user.created" {
			w.Errorf("%+v", again)
		}
		w.until("sent again", w.settled(e.ID))
		list := r.got()
		if last := list[len(list)-1]; last.ID != old.MessageID || string(last.raw) != string(list[0].raw) {
			w.Errorf("%s", last.raw)
		}
		w.must(w.users.Delete(ctx, w.store, w.door, u.ID, "test"))
		w.until("told", w.settled(e.ID))
		w.must(w.webhooks.Forget(ctx))
		if _, err := w.webhooks.Resend(ctx, w.store, e, old.ID); err != nil {
			w.Errorf("at once: %v", err)
		}
		w.until("told", w.settled(e.ID))
		w.clock.Advance(26 * time.Hour)
		w.must(w.webhooks.Forget(ctx))
		if _, err := w.webhooks.Resend(ctx, w.store, e, old.ID); !errors.Is(err, storage.ErrNotFound) {
			w.Errorf("a day after the deletion: %v", err)
		}
		last := w.log(e.ID)[2]
		if last.Type != "user.deleted" {
			w.Fatalf("%+v", last)
		}
		w.clock.Advance(webhook.KeepMessages)
		w.must(w.webhooks.Forget(ctx))
		if _, err := w.webhooks.Resend(ctx, w.store, e, last.ID); !errors.Is(err, storage.ErrNotFound) {
			w.Errorf("after a month: %v", err)
		}
	})
}
