package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
)

var update = flag.Bool("update", false, "write the golden files anew")

// payload is what a delivery of w says.
func (w *world) payload(d *storage.WebhookDelivery) string {
	w.Helper()
	m, err := w.store.WebhookMessage(w.Context(), d.MessageID)
	w.must(err)
	return m.Payload
}

// everything does one of all that is told, and returns the user.
func (w *world) everything() *storage.User {
	w.Helper()
	ctx := w.Context()
	u := w.person("ada@example.com")
	w.equip(u.ID)
	u.PublicMetadata, u.PrivateMetadata = `{"plan":"pro","seats":12345678901234567890}`, `{"ledger":"4711"}`
	w.must(w.users.Update(ctx, w.store, w.door, u, "test"))
	for _, status := range []storage.SessionStatus{storage.StatusEnded, storage.StatusRemoved, storage.StatusRevoked,
		storage.StatusReplaced, storage.StatusExpired, storage.StatusAbandoned} {
		s := w.session(u.ID, storage.KindBrowser)
		_, err := w.door.End(ctx, w.store, s, logout.Cause{Status: status, Reason: logout.Revoked, By: "test"})
		w.must(err)
	}
	s := w.session(u.ID, storage.KindImpersonation)
	_, err := w.door.End(ctx, w.store, s, logout.Cause{Status: storage.StatusExpired, Reason: logout.Expired, By: "test"})
	w.must(err)
	w.must(w.users.Delete(ctx, w.store, w.door, u.ID, "test"))
	return u
}

// hidden is what nobody may be told of the user that everything makes: private metadata, and what proves who they are.
var hidden = []string{"4711", "ledger", "private", "argon2id", "c2VlZA", "seed", "whsec", "whsk", "hash"}

// equip gives a user what they can prove who they are with, and a number, without a word.
func (w *world) equip(userID string) {
	w.Helper()
	now := storage.At(w.clock.Now())
	factor := func(kind, stored string) *storage.Factor {
		return &storage.Factor{UserID: userID, ID: id.New(id.Factor), Kind: kind, Secret: []byte(stored), ConfirmedAt: now, CreatedAt: now}
	}
	w.must(w.store.PutPassword(w.Context(), factor("password", "$argon2id$hash")))
	w.must(w.store.InsertFactor(w.Context(), factor("totp", "seed c2VlZA")))
	w.must(w.store.ReplaceFactors(w.Context(), userID, "recovery", []*storage.Factor{factor("recovery", "hash")}))
	for _, i := range []*storage.Identifier{{Kind: storage.IdentifierEmail, Value: "old@example.com", Display: "old@example.com"},
		{Kind: storage.IdentifierPhone, Value: "+15550100", Display: "+1 555 0100", IsPrimary: true, VerifiedAt: now}} {
		i.UserID, i.CreatedAt = userID, now
		w.must(w.store.InsertIdentifier(w.Context(), i))
	}
}

var everyID = regexp.MustCompile(`(usr|ses|dev|act|whk)_[0-9a-z]{26}`)

// What each event says, as the documentation shows it.
func TestPayloads(t *testing.T) {
	each(t, func(w *world) {
		e, _ := w.endpoint(webhook.Fields{URL: "https://app.example.com/hooks"})
		_, err := w.webhooks.Test(w.Context(), w.store, e)
		w.must(err)
		w.everything()
		seen := map[webhook.Event]bool{}
		for _, d := range w.log(e.ID) {
			kind := webhook.Event(d.Type)
			for _, s := range hidden {
				if strings.Contains(w.payload(d), s) {
					w.Errorf("%s tells of %q: %s", kind, s, w.payload(d))
				}
			}
			if seen[kind] {
				continue
			}
			seen[kind] = true
			var indented bytes.Buffer
			w.must(json.Indent(&indented, []byte(w.payload(d)), "", "  "))
			text := everyID.ReplaceAllString(indented.String(), "${1}_01jnf0k2m3n4p5q6r7s8t9v0wx") + "\n"
			golden := "testdata/" + d.Type + ".json"
			if *update {
				w.must(os.WriteFile(golden, []byte(text), 0o644))
			}
			want, err := os.ReadFile(golden)
			w.must(err)
			if diff := cmp.Diff(string(want), text); diff != "" {
				w.Errorf("%s differs (go test ./op/webhook -run TestPayloads -update writes it anew):\n%s", golden, diff)
			}
		}
		for _, kind := range append(webhook.Events, webhook.Test) {
			if named := kind == webhook.EmailCreated || kind == webhook.SMSCreated; seen[kind] == named {
				w.Errorf("%s: told %v", kind, seen[kind])
			}
		}
	})
}

// Each event has a file that shows what it says, and none of them shows what only an endpoint that asks for it is told.
func TestGoldenPayloads(t *testing.T) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, f := range files {
		b, err := os.ReadFile("testdata/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		var p struct {
			Type      string
			Timestamp time.Time
			Data      map[string]any
		}
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&p); err != nil || p.Type+".json" != f.Name() || p.Timestamp.IsZero() || len(p.Data) == 0 {
			t.Errorf("%s: %v: %+v", f.Name(), err, p)
		}
		for _, s := range hidden {
			if strings.Contains(string(b), s) {
				t.Errorf("%s tells of %q", f.Name(), s)
			}
		}
		shown[p.Type] = true
	}
	for _, e := range append(webhook.Events, webhook.Test) {
		if !shown[string(e)] {
			t.Errorf("%s is not shown", e)
		}
	}
	if len(shown) != len(webhook.Events)+1 {
		t.Errorf("%d events are shown", len(shown))
	}
}

var example = regexp.MustCompile("(?s)```json\n(\\{\n  \"type\": \"([a-z.]+)\".*?)```")

// The documentation shows what is sent.
func TestDocumentation(t *testing.T) {
	doc, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := example.FindAllStringSubmatch(string(doc), -1)
	if len(shown) < 4 {
		t.Errorf("%d examples", len(shown))
	}
	for _, m := range shown {
		want, err := os.ReadFile("testdata/" + m[2] + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), m[1]); d != "" {
			t.Errorf("%s: %s", m[2], d)
		}
	}
	for _, e := range webhook.Events {
		if !strings.Contains(string(doc), "`"+string(e)+"`") {
			t.Errorf("%s is not explained", e)
		}
	}
}

// Each endpoint gets what it chose, and a user's events have one order.
func TestEndpointsChoose(t *testing.T) {
	each(t, func(w *world) {
		all, _ := w.endpoint(webhook.Fields{URL: "https://all.example.com/"})
		some, _ := w.endpoint(webhook.Fields{URL: "https://some.example.com/", Events: []webhook.Event{webhook.SessionRevoked, webhook.UserCreated}})
		other, _ := w.endpoint(webhook.Fields{URL: "https://other.example.com/", Events: []webhook.Event{webhook.EmailCreated}})
		w.everything()
		if d := cmp.Diff([]string{"user.created", "session.revoked"}, w.types(some.ID)); d != "" {
			w.Error(d)
		}
		if list := w.types(other.ID); len(list) > 0 {
			w.Errorf("told %v", list)
		}
		types := w.types(all.ID)
		want := []string{"user.created", "user.updated"}
		for _, s := range []string{"ended", "removed", "revoked", "replaced", "expired", "abandoned"} {
			want = append(want, "session.created", "session."+s)
		}
		want = append(want, "session.created", "impersonation.started", "session.expired", "impersonation.stopped", "user.deleted")
		if d := cmp.Diff(want, types); d != "" {
			w.Error(d)
		}
	})
}

// The sessions of a deleted user end before the user is gone, and what is told of them is complete.
func TestDeletedUsersSessions(t *testing.T) {
	each(t, func(w *world) {
		u := w.person("ada@example.com")
		s := w.session(u.ID, storage.KindBrowser)
		e, _ := w.endpoint(webhook.Fields{URL: "https://app.example.com/"})
		w.must(w.users.Delete(w.Context(), w.store, w.door, u.ID, "test"))
		if d := cmp.Diff([]string{"session.revoked", "user.deleted"}, w.types(e.ID)); d != "" {
			w.Fatal(d)
		}
		if p := w.payload(w.log(e.ID)[0]); !strings.Contains(p, s.ID) || !strings.Contains(p, `"end_reason":"user_deleted"`) {
			w.Error(p)
		}
	})
}

// What is told is what the transaction leaves, and what is rolled back is not told.
func TestRecordedWithTheAct(t *testing.T) {
	each(t, func(w *world) {
		e, _ := w.endpoint(webhook.Fields{URL: "https://app.example.com/"})
		undone := errors.New("undone")
		err := w.store.Tx(w.Context(), func(tx *storage.Store) error {
			_, err := w.users.Create(w.Context(), tx, user.NewUser{Email: "a@example.com", Kind: audit.SignedUp})
			w.must(err)
			return undone
		})
		if !errors.Is(err, undone) || len(w.log(e.ID)) > 0 {
			w.Fatalf("%v, told %v", err, w.types(e.ID))
		}
		w.must(w.store.Tx(w.Context(), func(tx *storage.Store) error {
			row, err := w.users.Create(w.Context(), tx, user.NewUser{Email: "b@example.com", Kind: audit.SignedUp})
			w.must(err)
			row.GivenName = "Behind"
			return tx.UpdateUser(w.Context(), row)
		}))
		list := w.log(e.ID)
		if len(list) != 1 || !strings.Contains(w.payload(list[0]), `"first_name":"Behind"`) {
			w.Errorf("%+v", list)
		}
	})
}

// A delivery goes behind what is owed to its user, even where that was written by a machine whose clock is ahead.
func TestOrderDoesNotDependOnClocks(t *testing.T) {
	each(t, func(w *world) {
		e, _ := w.endpoint(webhook.Fields{URL: "https://app.example.com/"})
		u := w.person("ada@example.com")
		ahead := *w.log(e.ID)[0]
		ahead.ID = "dlv_7zzzzzzzzz" + ahead.ID[len("dlv_7zzzzzzzzz"):] // thousands of years
		w.must(w.store.InsertDeliveries(w.Context(), []*storage.Delivery{&ahead.Delivery}))
		for i := range 20 {
			u.Name = fmt.Sprint("Name ", i)
			w.must(w.users.Update(w.Context(), w.store, w.door, u, "test"))
		}
		var names []string
		list := w.log(e.ID)
		for _, d := range list[2:] {
			var p got
			w.must(json.Unmarshal([]byte(w.payload(d)), &p))
			names = append(names, p.Data["name"].(string))
		}
		if list[1].ID != ahead.ID || len(names) != 20 || !slices.IsSortedFunc(names, func(a, b string) int { return len(a)*100 - len(b)*100 + strings.Compare(a, b) }) {
			w.Errorf("%v", names)
		}
	})
}
