package signin

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
)

// plain is the page without what differs from person to person.
func (b *browser) plain(address string) string {
	id := strings.TrimPrefix(b.flow(), "/signin/")
	initial := `aria-hidden="true">` + strings.ToUpper(address[:1]) + `<`
	return strings.NewReplacer(address, "ADDRESS", id, "FLOW", initial, `aria-hidden="true">?<`).Replace(b.body)
}

// For an address that nobody has, every page is the one that somebody's has, and only mailboxes learn more.
func TestNothingTellsWhetherAnAccountExists(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const nobody, disabled = "nobody@example.com", "disabled@example.com"
		w.user(email)
		row, err := w.Store.User(t.Context(), w.user(disabled))
		w.must(err)
		row.Status = storage.UserDisabled
		w.must(w.Store.UpdateUser(t.Context(), row))
		seen := map[string]string{}
		for _, address := range []string{email, nobody, disabled} {
			b := w.browser()
			b.get("/begin").submit("/identify", "email", address).want(200, "password")
			seen[address] = b.plain(address)
			typed := "not it"
			if address == disabled {
				typed = password // right, and no use
			}
			b.submit("/password", "password", typed).want(422, "password")
			seen[address] += b.plain(address)
			b.submit("/method", "method", "email_code").want(200, "code")
			seen[address] += b.plain(address)
			b.submit("/code", "code", "000000").want(422, "code")
			seen[address] += b.plain(address)
			b.get("/reset").submit("/reset", "email", address).want(200, "")
			seen[address] += strings.ReplaceAll(b.body, address, "ADDRESS")
			if b.session() != nil {
				t.Errorf("%s is signed in", address)
			}
		}
		if seen[email] != seen[nobody] || seen[email] != seen[disabled] {
			t.Errorf("pages differ:\n%s\n%s\n%s", seen[email], seen[nobody], seen[disabled])
		}
		for _, m := range w.letters(nobody) {
			if m.Kind != delivery.UnknownAddress {
				t.Errorf("%s to nobody", m.Kind)
			}
		}
		if n := len(w.letters(disabled)); n != 0 {
			t.Errorf("%d letters to who may not sign in", n)
		}
	})
}

// A flow is worth nothing in another browser: neither to look at nor to answer (login CSRF).
func TestFlowOfAnotherBrowser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		mine := w.browser()
		flow := mine.get("/begin").submit("/identify", "email", email).flow()
		bare, other := w.browser(), w.browser()
		other.get("/begin")
		for _, b := range []*browser{bare, other} {
			b.get(flow).want(400, "").says("where you began").says(`href="/signin"`)
			b.post(flow+"/password", "password", password).want(400, "")
			b.post(strings.Replace(flow, "signin", "signup", 1), "email", "x@example.com", "password", password).want(400, "")
			if b.session() != nil {
				t.Error("signed in by somebody else's flow")
			}
		}
		mine.get("/signin/req_00000000000000000000000000").want(410, "")
		mine.get("/signin/nonsense").want(410, "")
		mine.get("/signin/nonsense/password").want(404, "")
		mine.get(flow).want(200, "password")
	})
}

func TestPostFromAnotherOriginIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser()
		flow := b.get("/begin").submit("/identify", "email", email).flow()
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			for _, path := range []string{"/identify", "/password", "/method", "/code", "/totp", "/recovery", "/resend", "/choose",
				"/forget", "/consent", "/restart"} {
				req := b.request(flow+path, "email", "evil@example.com", "password", password)
				req.Header.Del("Sec-Fetch-Site")
				req.Header.Set(header, value)
				b.do(req).want(http.StatusForbidden, "")
			}
			for _, path := range []string{strings.Replace(flow, "signin", "signup", 1), "/reset", "/reset/x"} {
				req := b.request(path, "email", "evil@example.com", "password", password)
				req.Header.Del("Sec-Fetch-Site")
				req.Header.Set(header, value)
				b.do(req).want(http.StatusForbidden, "")
			}
		}
		b.get(flow).want(200, "password").says(email)
		if n := len(w.mailbox.List()); n != 0 || b.session() != nil {
			t.Errorf("%d letters, session %v", n, b.session())
		}
	})
}

func TestMalformedForms(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		flow := b.get("/begin").flow()
		for body, status := range map[string]int{
			"email=a@example.com&email=b@example.com": 400, "email=%00": 400, "email=%zz": 400, "email=%ff": 400, "a;b": 400,
			"email=" + strings.Repeat("x", 70_000): 413, strings.Repeat("a=b&", 70): 400, "": 422, "email=x": 422,
		} {
			for _, path := range []string{flow + "/identify", strings.Replace(flow, "signin", "signup", 1), "/reset"} {
				req := b.request(path)
				req.Body = http.NoBody
				req.ContentLength = 0
				if body != "" {
					fresh, err := http.NewRequest(http.MethodPost, req.URL.String(), strings.NewReader(body))
					w.must(err)
					fresh.Header = req.Header
					req = fresh
				}
				if b.do(req); b.status != status {
					t.Errorf("%s %.30q: %d, want %d", path, body, b.status, status)
				}
			}
		}
		req := b.request(flow+"/identify", "email", email)
		req.Header.Set("Content-Type", "text/plain")
		b.do(req).want(400, "")
		b.post(flow+"/password?password=x", "password", "x").want(400, "") // never in a URL
		for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodHead} {
			req := b.request(flow)
			req.Method = method
			if b.do(req); b.status != http.StatusMethodNotAllowed {
				t.Errorf("%s: %d", method, b.status)
			}
		}
		b.get(flow).want(200, "email")
	})
}

// Answers to a step that the flow is not at change nothing.
func TestAnswersOutOfTurn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		show := w.generator(w.user(email))
		b := w.browser()
		flow := b.get("/begin").flow()
		for _, path := range []string{"/password", "/code", "/totp", "/recovery", "/resend", "/consent", "/method"} {
			b.post(flow+path, "password", password, "code", show(), "decision", "allow", "method", "totp").want(200, "email")
		}
		b.submit("/identify", "email", email)
		b.post(flow+"/totp", "code", show()).want(200, "password") // the second factor is none without the first
		b.post(flow+"/consent", "decision", "allow").want(200, "password")
		if b.session() != nil {
			t.Error("signed in")
		}
	})
}

func TestTwentyAnswersAtOnceOneSession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.user(email)
		b := w.browser()
		flow := b.get("/begin").submit("/identify", "email", email).submit("/method", "method", "email_code").flow()
		code := w.codeTo(email, delivery.SignInCode)
		won := b.race(flow+"/code", "code", code)
		if won != 1 {
			t.Errorf("code: %d of twenty signed in", won)
		}

		c := w.browser()
		flow = c.get("/begin").submit("/identify", "email", email).flow()
		if won := c.race(flow+"/password", "password", password); won != 1 {
			t.Errorf("password: %d of twenty signed in", won)
		}
		list, err := w.Store.Sessions(t.Context(), storage.SessionFilter{UserID: userID})
		if w.must(err); len(list) != 2 {
			t.Errorf("%d sessions, want 2", len(list))
		}
	})
}

func TestTwentyAtOnceMakeOneAccountAndOnePassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.get("/begin?prompt=create").submit("", "email", email, "password", password).want(200, "code")
		if won := b.race(b.flow()+"/code", "code", w.codeTo(email, delivery.VerifyEmail)); won != 1 {
			t.Errorf("sign-up: %d of twenty signed in", won)
		}
		b.get("/reset").submit("/reset", "email", email)
		link := resetLink.FindString(w.letter(email, delivery.ResetPassword).Text)
		if won := b.race(link, "password", "nine green lamps"); won != 1 {
			t.Errorf("reset: %d of twenty set the password", won)
		}
		row, err := w.findUser(t.Context(), email)
		w.must(err)
		if events := w.events(row.ID); len(events["user.signed_up"]) != 1 || len(events["factor.password_reset"]) != 1 {
			t.Errorf("audit %v", events)
		}
	})
}

// race posts the same twenty times at once and returns how many answers carried a session.
func (b *browser) race(path string, pairs ...string) int {
	b.t.Helper()
	client := &http.Client{Jar: readOnly{b.http.Jar}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var won atomic.Int32
	var ready, done sync.WaitGroup
	ready.Add(1)
	for range 20 {
		req := b.request(path, pairs...)
		done.Go(func() {
			ready.Wait()
			res, err := client.Do(req)
			if err != nil {
				b.t.Error(err)
				return
			}
			_ = res.Body.Close()
			if res.StatusCode >= 500 && res.StatusCode != http.StatusServiceUnavailable {
				b.t.Errorf("status %d", res.StatusCode)
			}
			for _, c := range res.Cookies() {
				if c.Name == "curfew_session" && c.Value != "" {
					won.Add(1)
				}
			}
		})
	}
	ready.Done()
	done.Wait()
	return int(won.Load())
}

// readOnly is a jar that keeps nothing, so that all twenty come from the same browser.
type readOnly struct{ http.CookieJar }

func (readOnly) SetCookies(*url.URL, []*http.Cookie) {}

func TestGuessingIsThrottledAndTheOwnerIsNot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		userID := w.user(email)
		owner := w.browser()
		owner.address = "192.0.2.1"
		owner.passed("", email).want(200, "decision")
		stranger := w.browser()
		stranger.address = "198.51.100.1"
		stranger.get("/begin").submit("/identify", "email", email)
		throttled := 0
		for range 12 {
			if stranger.submit("/password", "password", "not it"); stranger.status == http.StatusTooManyRequests {
				throttled++
				if stranger.header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
			}
		}
		if throttled != 2 {
			t.Errorf("%d of 12 tries throttled, want 2", throttled)
		}
		// Neither another spelling nor another flow is a way past it.
		again := w.browser()
		again.address = stranger.address
		again.get("/begin").submit("/identify", "email", " USER@Example.com").submit("/password", "password", "not it")
		again.want(http.StatusTooManyRequests, "password")
		if n := len(w.events(userID)[audit.SignInThrottled]); n != 1 { // of three: a flood must not fill the audit
			t.Errorf("%d events of throttled tries", n)
		}
		owner.get("/begin?prompt=login").want(200, "password").submit("/password", "password", password).want(200, "decision")
	})
}

func TestMailboxesAreNotFilled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		for _, address := range []string{email, "nobody@example.com"} {
			var last int
			for range 6 {
				b := w.browser()
				b.address = "198.51.100.1"
				last = b.get("/begin").submit("/identify", "email", address).submit("/method", "method", "email_code").status
			}
			if n := len(w.letters(address)); last != http.StatusTooManyRequests || n != 5 {
				t.Errorf("%s: status %d, %d letters", address, last, n)
			}
			reset := w.browser()
			reset.address = "198.51.100.1"
			reset.get("/reset").submit("/reset", "email", address).want(http.StatusTooManyRequests, "email")
		}
	})
}

// Whoever put somebody else's address on their account must not have that person sign in to it.
func TestUnverifiedAddressGetsNoCode(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const victim = "victim@example.com"
		w.must(w.Store.InsertIdentifier(t.Context(), &storage.Identifier{Kind: storage.IdentifierEmail, Value: victim,
			UserID: w.user(email), Display: victim, CreatedAt: storage.At(start)}))
		b := w.browser()
		b.get("/begin").submit("/identify", "email", victim).submit("/method", "method", "email_code").want(200, "code")
		b.get("/reset").submit("/reset", "email", victim).want(200, "")
		if n := len(w.letters(victim)); n != 0 {
			t.Errorf("%d letters", n)
		}
	})
}

func TestMask(t *testing.T) {
	for target, want := range map[string]string{"user@example.com": "u•••@example.com", "+15550112": "••• ••12", "": "••• ••",
		"ü@example.com": "ü•••@example.com"} {
		if got := mask(target); got != want {
			t.Errorf("mask(%q) = %q, want %q", target, got, want)
		}
	}
	if !sent(factor.KindSMS) || sent(factor.KindTOTP) {
		t.Error("what is sent")
	}
}
