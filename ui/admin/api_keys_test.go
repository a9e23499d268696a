package admin

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/apikey"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/consent"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// ask posts the form of a key: scopes as often as they come, of everything else the last.
func (b *browser) ask(pairs ...string) *browser {
	b.t.Helper()
	v := url.Values{"key_name": {"Nightly"}, "ttl": {"month"}}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "scopes" {
			v.Add(pairs[i], pairs[i+1])
			continue
		}
		v.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, pathNewAPIKey, v.Encode())
}

// apiKeys are all there are, the newest first.
func (w *world) apiKeys() []*storage.APIKey {
	w.t.Helper()
	rows, err := w.Store.APIKeys(w.t.Context(), storage.APIKeyFilter{Newest: true, Limit: 100})
	w.must(err)
	return rows
}

// key makes one without the console.
func (w *world) key(n apikey.NewKey) *storage.APIKey {
	w.t.Helper()
	if n.Name == "" {
		n.Name = "script"
	}
	if n.By == "" {
		n.By, n.Kind = "cli", storage.MadeByCLI
	}
	row, _, err := w.APIKeys.Create(w.t.Context(), w.Store, n)
	w.must(err)
	return row
}

// service is the management API over the same parts.
func (w *world) service() http.Handler {
	w.t.Helper()
	sealer, err := secret.NewSealer(make([]byte, 32))
	w.must(err)
	a, err := api.New(api.Options{Issuer: issuer, Store: w.Store, Clock: w.clock, Ring: w.Ring, Tokens: token.New(issuer, w.Ring, w.Store, w.clock, make([]byte, 32)),
		Clients: w.Clients, Users: w.Users, Factors: w.Factors, Door: w.Door, Keys: w.APIKeys, Consents: consent.New(w.Store, w.Door, w.clock), Sealer: sealer,
		Actors: w.Actors, Webhooks: w.Webhooks})
	w.must(err)
	mux := http.NewServeMux()
	a.Routes(mux)
	return mux
}

var curlLine = regexp.MustCompile(`^echo '(Authorization): ([^']+)' \| curl --fail-with-body --header @- '([^']+)'$`)

// curl does what the line of a shell does.
func (w *world) curl(to http.Handler, line string) *httptest.ResponseRecorder {
	w.t.Helper()
	m := curlLine.FindStringSubmatch(line)
	if m == nil {
		w.t.Fatalf("no shell takes %q", line)
	}
	r := httptest.NewRequest(http.MethodGet, m[3], nil)
	r.Header.Set(m[1], m[2])
	rec := httptest.NewRecorder()
	to.ServeHTTP(rec, r)
	return rec
}

func TestAPIKeyFromItsFormToItsEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.person("owner@example.com", actor.RoleOwner, "")
		b, service := w.signIn(owner), w.service()
		b.get(page.PathAdminAPIKeys).want(http.StatusOK).has(".empty-title", "No API keys yet").has(".button", "New key")
		b.get(pathNewAPIKey).want(http.StatusOK).has("label", "users:read").has(".pick-more", "Read users").has("legend", "Sessions").has("option", "for 90 days")

		b.ask("key_name", " Nightly  export ", "scopes", "users:read", "scopes", "audit:read", "scopes", "users:read").want(http.StatusOK).has("h1", "Your new API key").
			has(".meanings", "Read the audit").has("#secret-value", apikey.Prefix)
		plain := b.all("#secret-value")[0]
		if cc := b.header.Get("Cache-Control"); !strings.Contains(cc, "no-store") {
			t.Errorf("the page with the key may be kept: %q", cc)
		}
		if got := w.curl(service, b.all("#curl")[0]); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "owner@example.com") {
			t.Errorf("the line answers %d %s", got.Code, got.Body)
		}
		k := w.apiKeys()[0]
		if k.Scope != "audit:read users:read" || k.CreatedBy != owner.ID || k.CreatedByKind != storage.MadeByUser || !k.ExpiresAt.Equal(w.clock.Now().Add(30*aDay)) {
			t.Errorf("made %+v", k)
		}
		w.must(w.APIKeys.Note(t.Context()))

		// From now on nobody sees it, by whatever way.
		for _, path := range []string{page.PathAdminAPIKeys, page.PathAdminAPIKeys + "?state=good", pathNewAPIKey, page.PathAdminAudit} {
			b.get(path).want(http.StatusOK).without(plain)
		}
		b.get(page.PathAdminAPIKeys).has(".row-name", k.Hint).has("summary", "Read users").has("summary", "Read the audit").has(".row-more", "owner@example.com").has(".row-more", "last used")

		at := page.PathAdminAPIKeys + "/" + k.ID + "/revoke"
		b.post(at).want(http.StatusOK).has("h1", "Revoke this key?").has(".lead", "Nightly export")
		if w.apiKeys()[0].RevokedAt.Set() {
			t.Error("revoked by one click")
		}
		b.sure(at).leads(page.PathAdminAPIKeys).has(".notice", "revoked").has(".tag-warn", "Revoked").has(".row-more", "revoked by owner@example.com").without(at)
		line := "echo 'Authorization: Bearer " + plain + "' | curl --fail-with-body --header @- '" + issuer + "/v1/users'"
		if got := w.curl(service, line); got.Code != http.StatusUnauthorized {
			t.Errorf("a revoked key is answered %d", got.Code)
		}
		was := w.apiKeys()[0]
		w.clock.Advance(time.Minute)
		b.sure(at).leads(page.PathAdminAPIKeys)
		if d := cmp.Diff(was, w.apiKeys()[0]); d != "" {
			t.Errorf("revoked twice: %s", d)
		}

		var kinds []string
		events, err := w.Store.QueryAuditEvents(t.Context(), storage.AuditQuery{Limit: 50})
		w.must(err)
		for _, e := range events {
			if strings.Contains(e.Data, plain) {
				t.Error("the audit has the key")
			}
			if strings.HasPrefix(e.Kind, "api_key.") {
				if kinds = append(kinds, e.Kind); e.Actor != owner.ID {
					t.Errorf("%s by %q", e.Kind, e.Actor)
				}
			}
		}
		if d := cmp.Diff([]string{string(audit.APIKeyRevoked), string(audit.APIKeyCreated)}, kinds); d != "" {
			t.Error(d)
		}
	})
}

// Whatever a key may read it can be tried on, and a key that reads nothing is not.
func TestEveryKeyCanBeTried(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b, service := w.signIn(w.person("owner@example.com", actor.RoleOwner, "")), w.service()
		for _, scope := range api.Scopes {
			b.ask("scopes", scope).want(http.StatusOK)
			lines := b.all("#curl")
			if reads := strings.HasSuffix(scope, ":read"); reads != (len(lines) == 1) {
				t.Errorf("%s: %q", scope, lines)
				continue
			}
			if len(lines) == 1 {
				if got := w.curl(service, lines[0]); got.Code != http.StatusOK {
					t.Errorf("%s: %d %s", scope, got.Code, got.Body)
				}
			}
		}
	})
}

func TestAPIKeyThatIsNotAccepted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		b.ask().want(http.StatusUnprocessableEntity).has("#f-scopes-fault", "Choose one")
		for _, name := range []string{"", "  ", "a\x01b", strings.Repeat("x", 201)} {
			b.ask("key_name", name, "scopes", "users:read").want(http.StatusUnprocessableEntity).has("#f-key_name-fault", "1 to 200")
			if !strings.Contains(b.body, `value="users:read" checked`) || !strings.Contains(b.body, `value="month" selected`) {
				t.Error("what was chosen is lost")
			}
		}
		for _, pairs := range [][]string{{"ttl", "decade", "scopes", "users:read"}, {"ttl", "", "scopes", "users:read"}, {"scopes", "openid"}, {"scopes", "users:read audit:read"}} {
			b.ask(pairs...).want(http.StatusBadRequest)
		}
		if list := w.apiKeys(); len(list) != 0 {
			t.Errorf("made %d", len(list))
		}
		for ttl, d := range apiKeyTTLs {
			b.ask("ttl", ttl, "scopes", "users:read").want(http.StatusOK)
			if k := w.apiKeys()[0]; d == 0 && k.ExpiresAt.Set() || d > 0 && !k.ExpiresAt.Equal(w.clock.Now().Add(d)) {
				t.Errorf("%s: until %v", ttl, k.ExpiresAt)
			}
		}
		if len(page.APIKeyTTLs()) != len(apiKeyTTLs) {
			t.Error("the form offers another choice of times")
		}
	})
}

// The form has each scope of the API, so that a new one is not forgotten.
func TestFormKnowsEveryScope(t *testing.T) {
	if d := cmp.Diff(slices.Sorted(slices.Values(api.Scopes)), slices.Sorted(slices.Values(page.APIScopes()))); d != "" {
		t.Error(d)
	}
}

// What the console lets a role do with keys is what the API lets it do.
func TestRightsOnKeysAreThoseOfTheAPI(t *testing.T) {
	for role := range Roles {
		for right, scope := range map[Right]string{APIKeysRead: api.ScopeAPIKeysRead, APIKeysWrite: api.ScopeAPIKeysWrite} {
			if May(role, right) != slices.Contains(api.ScopesOf(role), scope) {
				t.Errorf("%s: %s is %v here", role, right, May(role, right))
			}
		}
	}
}

func TestListOfAPIKeys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		w.app("cli_app", "Example Notes")
		good := w.key(apikey.NewKey{Name: "good", Scopes: api.Scopes})
		w.key(apikey.NewKey{Name: "over", Scopes: []string{"users:read"}, ExpiresAt: w.clock.Now().Add(time.Minute), By: "cli_app", Kind: storage.MadeByClient})
		ended := w.key(apikey.NewKey{Name: "ended", Scopes: []string{"users:read", "of:tomorrow"}, ExpiresAt: w.clock.Now().Add(time.Minute)})
		w.must(w.APIKeys.Revoke(t.Context(), w.Store, ended.ID, good.ID))
		w.clock.Advance(time.Minute)
		for state, want := range map[string][]string{"": {"ended", "over", "good"}, "good": {"good"}, "expired": {"over"}, "revoked": {"ended"}, "odd": {"ended", "over", "good"}} {
			b.get(page.PathAdminAPIKeys + "?state=" + state).want(http.StatusOK)
			var names []string
			for _, line := range b.all(".row-name") {
				names = append(names, strings.Fields(line)[0])
			}
			if d := cmp.Diff(want, names); d != "" {
				t.Errorf("%q: %s", state, d)
			}
		}
		b.get(page.PathAdminAPIKeys).has("summary", "Everything").has(".meanings", "of:tomorrow").has(".row-more", "Example Notes").has(".row-more", "expired on").
			has(".row-more", "revoked by API key").has(".row-more", "Command line")
		if n := strings.Count(b.body, "/revoke"); n != 1 { // who is over needs no end
			t.Errorf("%d can be revoked", n)
		}
		for range rowsShown {
			w.key(apikey.NewKey{Scopes: []string{"users:read"}})
		}
		b.get(page.PathAdminAPIKeys).want(http.StatusOK)
		m := regexp.MustCompile(`href="([^"]*after=[^"]*)"`).FindStringSubmatch(b.body)
		if m == nil {
			t.Fatal("no way to older ones")
		}
		b.get(html.UnescapeString(m[1])).want(http.StatusOK).has(".row-name", "good")
		if n := len(b.all(".row-name")); n != 3 {
			t.Errorf("%d on the second page", n)
		}
		b.get(page.PathAdminAPIKeys + "?after=nothing").want(http.StatusNotFound)
	})
}
