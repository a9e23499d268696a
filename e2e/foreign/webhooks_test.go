package foreign

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// verdict is what the libraries made of one request: the type of the event, or why they refuse it.
type verdict struct {
	ID               string
	StandardWebhooks string
	Svix             string
	Tampered         string
}

func (n *nodeParty) judge(secret string) (list []verdict) {
	n.t.Helper()
	n.ask("/judge", map[string]string{"secret": secret}, &list)
	return list
}

// keyVerdict is how many ed25519 signatures of one request each implementation takes for good.
type keyVerdict struct {
	Type string
	counts
	Tampered counts
}

type counts struct{ NaCl, WebCrypto, Of int }

func (n *nodeParty) judgeKey(publicKey string) (list []keyVerdict) {
	n.t.Helper()
	n.ask("/judge-key", map[string]string{"public_key": publicKey}, &list)
	return list
}

func (n *nodeParty) ask(path string, question, answer any) {
	n.t.Helper()
	body, err := json.Marshal(question)
	if err != nil {
		n.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(n.t.Context(), http.MethodPost, n.origin+path, bytes.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	exchange(n.t, req, answer)
}

// svix and standardwebhooks take what is sent, also with the old secret while it is being rotated out; with a wrong one they
// do not.
func TestWebhookLibraries(t *testing.T) {
	needPackages(t)
	h, n := start(t), startNode(t, "webhook-receiver.js")
	var hook struct{ ID, Secret string }
	h.manage("/v1/webhooks", map[string]any{"url": n.origin + "/hooks", "events": []string{"user.created", "user.updated", "user.deleted"}}, &hook)
	arrived := func(want int, secret string) []verdict {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			if list := n.judge(secret); len(list) >= want {
				return list
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d requests have not arrived", want)
			}
		}
	}
	const refused = "WebhookVerificationError: No matching signature found"
	check := func(v verdict, is string) {
		t.Helper()
		if v.StandardWebhooks != is || v.Svix != is || v.Tampered != refused || v.ID == "" {
			t.Errorf("%+v, want %s", v, is)
		}
	}
	var user struct{ ID string }
	h.manage("/v1/users", map[string]any{"email": "zoë@example.com", "name": "Zoë <&> Example"}, &user)
	check(arrived(1, hook.Secret)[0], "user.created")

	var rotated struct{ Secret string }
	h.manage("/v1/webhooks/"+hook.ID+"/rotate_secret", nil, &rotated)
	if rotated.Secret == hook.Secret || rotated.Secret == "" {
		t.Fatalf("rotated from %q to %q", hook.Secret, rotated.Secret)
	}
	h.manage("/v1/users/"+user.ID+"/disable", nil, &user)
	check(arrived(2, hook.Secret)[1], "user.updated")
	check(n.judge(rotated.Secret)[1], "user.updated")

	var last struct{ Secret string }
	h.manage("/v1/webhooks/"+hook.ID+"/rotate_secret", map[string]any{"overlap_seconds": 0}, &last)
	var test struct{ Event string }
	h.manage("/v1/webhooks/"+hook.ID+"/test", nil, &test)
	check(arrived(3, last.Secret)[2], "webhook.test")
	check(n.judge(rotated.Secret)[2], refused)
}

// What is signed with ed25519 is good to implementations of other people's, with the public key in the form that the
// specification gives it; during a rotation one signature of two is, with the old key and with the new one.
func TestWebhookPublicKeys(t *testing.T) {
	h, n := start(t), startNode(t, "webhook-receiver.js")
	var hook struct {
		ID, Secret string
		PublicKey  string `json:"public_key"`
	}
	h.manage("/v1/webhooks", map[string]any{"url": n.origin + "/hooks", "events": []string{"user.created"}, "signature": "ed25519"}, &hook)
	if hook.Secret != "" || hook.PublicKey == "" {
		t.Fatalf("%+v", hook)
	}
	told := func(i int, publicKey string) keyVerdict {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			if list := n.judgeKey(publicKey); len(list) > i {
				return list[i]
			}
			if time.Now().After(deadline) {
				t.Fatalf("request %d has not arrived", i)
			}
		}
	}
	check := func(i int, publicKey string, good, of int) {
		t.Helper()
		v := told(i, publicKey)
		if v.counts != (counts{good, good, of}) || v.Tampered != (counts{0, 0, of}) {
			t.Errorf("request %d: %+v, want %d of %d", i, v, good, of)
		}
	}
	h.manage("/v1/users", map[string]any{"email": "zoë@example.com", "name": "Zoë <&> Example"}, new(struct{}))
	check(0, hook.PublicKey, 1, 1)

	rotate := func(body any) string {
		var rotated struct {
			PublicKey string `json:"public_key"`
		}
		h.manage("/v1/webhooks/"+hook.ID+"/rotate_secret", body, &rotated)
		return rotated.PublicKey
	}
	next := rotate(nil)
	h.manage("/v1/webhooks/"+hook.ID+"/test", nil, new(struct{}))
	check(1, hook.PublicKey, 1, 2)
	check(1, next, 1, 2)
	last := rotate(map[string]any{"overlap_seconds": 0})
	h.manage("/v1/webhooks/"+hook.ID+"/test", nil, new(struct{}))
	check(2, last, 1, 1)
	check(2, next, 0, 1)
	check(2, hook.PublicKey, 0, 1)
}
