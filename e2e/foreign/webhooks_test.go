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
	body, err := json.Marshal(map[string]string{"secret": secret})
	if err != nil {
		n.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(n.t.Context(), http.MethodPost, n.origin+"/judge", bytes.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	exchange(n.t, req, &list)
	return list
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
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
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
