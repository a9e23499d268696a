package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver is an endpoint of somebody's, with all that it was sent.
type receiver struct {
	*httptest.Server

	mu     sync.Mutex
	status int
	got    []received
}

type received struct {
	id, at, signature, body, event string
	answered                       int
}

func startReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(req.Body)
		m := received{id: req.Header.Get("webhook-id"), at: req.Header.Get("webhook-timestamp"), signature: req.Header.Get("webhook-signature"), body: string(b)}
		var said struct{ Type string }
		if err != nil || json.Unmarshal(b, &said) != nil {
			t.Errorf("received %q, %v", b, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		m.event, m.answered = said.Type, r.status
		r.got = append(r.got, m)
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// next waits for the nth message of a kind, from 1.
func (r *receiver) next(t *testing.T, event string, n int) received {
	t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(20 * time.Millisecond) {
		r.mu.Lock()
		left := n
		for _, m := range r.got {
			if m.event == event {
				if left--; left == 0 {
					r.mu.Unlock()
					return m
				}
			}
		}
		r.mu.Unlock()
	}
	t.Fatalf("no %s was received for the %dth time", event, n)
	return received{}
}

// signed tells by which of some secrets a message is signed (Standard Webhooks, Signature scheme).
func (m received) signed(secrets ...string) (n int) {
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil {
			return 0
		}
		sum := hmac.New(sha256.New, key)
		sum.Write([]byte(m.id + "." + m.at + "." + m.body))
		want := "v1," + base64.StdEncoding.EncodeToString(sum.Sum(nil))
		for s := range strings.FieldsSeq(m.signature) {
			if s == want {
				n++
			}
		}
	}
	return n
}

// An endpoint is set up, tried, changed, looked into when it fails, signed for anew, enabled again and deleted.
func webhooksJourney(t *testing.T, o *operator) {
	r := startReceiver(t)
	o.open("/admin/webhooks")
	o.WaitText("No endpoints yet")
	o.see("webhooks-none")
	o.Click("main .head a.button-main")
	o.see("webhook-new")
	o.Fill("input[name=url]", r.URL+"/hooks")
	o.Fill("input[name=description]", "Orders")
	o.Click("#f-choice-some")
	submit(o.Page)
	fault(t, o.Page, "Tick at least one event")
	o.see("webhook-new-faulty")
	o.Click("[id='f-events-user.updated']")
	submit(o.Page)
	o.WaitText("Shown this once")
	first := o.Text("#secret-value")
	o.see("webhook-secret")

	o.Click(".trail a")
	o.WaitText("Orders")
	o.see("webhooks")
	o.Click(".row-name a")
	o.WaitText("Nothing was sent yet.")
	hook := strings.TrimPrefix(o.URL(), o.Info.Issuer)
	o.post("/test")
	o.WaitText("The test event is on its way.")
	if m := r.next(t, "webhook.test", 1); m.signed(first) != 1 || strings.Contains(m.signature, " ") {
		t.Errorf("signed %q", m.signature)
	}
	o.until("The endpoint took it.")
	o.see("delivery")
	o.hookEvents(t, r, hook)

	// A receiver that fails is seen in the log, and what it missed is sent again.
	r.answers(http.StatusInternalServerError)
	o.open(hook)
	o.post("/test")
	o.until("The endpoint answered with a fault")
	o.see("delivery-failing")
	missed := r.next(t, "webhook.test", 2)
	o.open(hook)
	o.WaitText("HTTP 500")
	r.answers(http.StatusNoContent)
	o.clock.Advance(time.Minute)
	o.Click(".rows a[href*='/deliveries/']")
	o.until("The endpoint took it.")
	o.post("/resend")
	o.WaitText("It is sent again.")
	if m := r.next(t, "webhook.test", 4); m.id != missed.id || m.answered != http.StatusNoContent {
		t.Errorf("sent again is %s, want %s", m.id, missed.id)
	}
	o.open(hook)
	o.pick("outcome", "delivered")
	o.pick("event", "user.created")
	o.show()
	o.WaitText("user.created")
	if n := o.rows("section[aria-labelledby=deliveries] .row"); n != 1 {
		t.Errorf("%d deliveries of user.created", n)
	}
	o.see("webhook")

	o.Click("a[href$='/secret']")
	o.WaitText("Make a new signing secret?")
	o.see("webhook-rotate")
	submitDanger(o.Page)
	o.WaitText("The next message is signed anew.")
	second := o.Text("#secret-value")
	o.open(hook)
	o.WaitText("Messages carry two signatures")
	o.post("/test")
	if m := r.next(t, "webhook.test", 5); second == first || m.signed(first, second) != 2 {
		t.Errorf("signed %q", m.signature)
	}

	r.answers(http.StatusGone)
	o.open(hook)
	o.post("/test")
	r.next(t, "webhook.test", 6)
	o.open(hook)
	o.until("it answered 410")
	o.see("webhook-disabled")
	r.answers(http.StatusNoContent)
	o.post("/enable")
	o.WaitText("The endpoint is told of what happens from now on.")
	o.sure("/delete", "Delete this endpoint?", "Deleted.")
	o.WaitText("No endpoints yet")
}

// hookEvents changes which events an endpoint is told of.
func (o *operator) hookEvents(t *testing.T, r *receiver, hook string) {
	t.Helper()
	add := func(address string) {
		t.Helper()
		if code := o.api("POST", "/v1/users", map[string]string{"email": address}, nil); code != http.StatusCreated {
			t.Fatalf("a user: %d", code)
		}
	}
	add("before@example.com")
	if code := o.api("PATCH", "/v1/users/"+o.userID("before@example.com"), map[string]string{"first_name": "Ada"}, nil); code != http.StatusOK {
		t.Fatalf("a change: %d", code)
	}
	r.next(t, "user.updated", 1)
	o.open(hook)
	o.Click("a[href$='/edit']")
	o.Click("[id='f-events-user.created']")
	o.see("webhook-edit")
	submit(o.Page)
	o.WaitText("Saved.")
	add("after@example.com")
	if m := r.next(t, "user.created", 1); !strings.Contains(m.body, "after@example.com") {
		t.Errorf("told of %s", m.body)
	}
}
