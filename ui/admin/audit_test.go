package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// write adds an event, a minute after the one before, and returns its id.
func (w *world) write(e audit.Event) string {
	w.t.Helper()
	w.clock.Advance(time.Minute)
	e.At = w.clock.Now()
	ctx := audit.WithOrigin(w.t.Context(), audit.Origin{IPAddress: "203.0.113.9", RequestID: "req-1"})
	w.must(audit.Write(ctx, w.Store, e))
	list, err := w.Store.QueryAuditEvents(ctx, storage.AuditQuery{Limit: 1})
	w.must(err)
	return list[0].ID
}

func TestEventsAreToldInWords(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin := w.person("admin@example.com", actor.RoleAdmin, "")
		u := w.person("user@example.com", "", "")
		w.app("cli_notes", "Example Notes")
		b := w.signIn(admin)
		for _, c := range []struct {
			event audit.Event
			says  []string
		}{
			{audit.Event{Kind: audit.UserUpdated, UserID: u.ID, By: admin.ID, Data: map[string]any{"changed": []string{"private_metadata", "role"},
				"before": map[string]string{"role": ""}, "after": map[string]string{"role": "support"}}},
				[]string{"Account changed", "user.updated", "Role: Support", "Private metadata", "user@example.com", "by admin@example.com", "203.0.113.9"}},
			{audit.Event{Kind: audit.SessionEnded, UserID: u.ID, By: logout.System, Data: map[string]any{"reason": logout.Idle, "clients": []string{"cli_notes"}}},
				[]string{"Session ended", "Reason: not used for too long", "Took part: Example Notes", "by curfew, by itself"}},
			{audit.Event{Kind: audit.SignInFailed, UserID: u.ID, By: u.ID, ClientID: "cli_notes", Data: map[string]any{"factor": "password", "reason": "wrong"}},
				[]string{"Sign-in failed", "Application: Example Notes", "Reason: wrong", "Factor: Password"}},
			{audit.Event{Kind: audit.ImpersonationStarted, UserID: u.ID, By: admin.ID, Data: map[string]any{"actor": admin.ID, "reason": "wrong"}},
				[]string{"Impersonation began", "Reason: wrong", "by admin@example.com"}},
			{audit.Event{Kind: audit.SessionStarted, UserID: u.ID, By: u.ID, ClientID: "cli_gone", Data: map[string]any{"kind": "offline"}},
				[]string{"Lasting access given", "Application: cli_gone"}},
			{audit.Event{Kind: audit.ClientUpdated, ClientID: "cli_notes", By: "cli", Data: map[string]any{
				"before": map[string]any{"client_name": "Old", "redirect_uris": []string{"https://a.example.com/"}, "scope": "openid"},
				"after":  map[string]any{"client_name": "New", "redirect_uris": []string{"https://a.example.com/", "https://b.example.com/"}, "scope": "openid"}}},
				[]string{"Application changed", "client_name: Old → New", "redirect_uris: https://a.example.com/ → https://a.example.com/, https://b.example.com/", "by Command line"}},
			{audit.Event{Kind: audit.TemplateSaved, By: admin.ID, Data: map[string]any{"template": "session", "before": nil, "after": `{"plan":"{{user.public_metadata.plan}}"}`}},
				[]string{"Claim template saved", "Template: All applications", `Claims: {"plan":"{{user.public_metadata.plan}}"}`}},
			{audit.Event{Kind: audit.PasswordResetBegun, UserID: u.ID, By: admin.ID, Data: map[string]any{"invitation": "sent"}},
				[]string{"Mail to set a new password sent", "Mail: to set the first password"}},
			{audit.Event{Kind: audit.APIKeyCreated, By: "apk_1", Data: map[string]any{"name": "CI", "scope": "users:read"}}, []string{"API key made", "Name: CI", "Scopes: users:read", "by API key"}},
			{audit.Event{Kind: "something.new", UserID: "usr_gone", Data: map[string]any{"x": 1}}, []string{"something.new", "usr_gone"}},
		} {
			w.write(c.event)
			row := b.get(page.PathAdminAudit).want(http.StatusOK).without("{&#34;x").all(".row")[0]
			for _, says := range c.says {
				if !strings.Contains(row, says) {
					t.Errorf("%s does not say %q: %q", c.event.Kind, says, row)
				}
			}
		}
	})
}

func TestEventsAreFiltered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin := w.person("admin@example.com", actor.RoleAdmin, "")
		u := w.person("user@example.com", "", "")
		ses := id.New(id.Session)
		w.clock.Advance(time.Date(2030, 2, 1, 23, 58, 0, 0, time.UTC).Sub(w.clock.Now()))
		w.write(audit.Event{Kind: audit.SessionSteppedUp, UserID: u.ID, By: u.ID, SessionID: ses})
		w.clock.Advance(time.Date(2030, 2, 2, 0, 0, 0, 0, time.UTC).Sub(w.clock.Now()))
		w.write(audit.Event{Kind: audit.ConsentGranted, UserID: u.ID, By: u.ID, ClientID: "cli_notes"})
		w.write(audit.Event{Kind: audit.ConsentWithdrawn, UserID: u.ID, By: admin.ID, ClientID: "cli_notes"})
		w.write(audit.Event{Kind: audit.ConsentGranted, UserID: "usr_gone", By: "cli", ClientID: "cli_maps"})
		w.write(audit.Event{Kind: audit.KeyRotated, By: logout.System})
		b := w.signIn(admin)
		for query, want := range map[string]string{
			"q=user@example.com&from=2030-02-01": "consent.withdrawn consent.granted session.stepped_up",
			"q=usr_gone":                         "consent.granted",
			"q=user@example.com&kind=consent.granted&from=2030-01-01": "consent.granted",
			"app=cli_notes":                         "consent.withdrawn consent.granted",
			"app=cli_notes&actor=admin@example.com": "consent.withdrawn",
			"session=" + ses:                        "session.stepped_up",
			"actor=cli":                             "consent.granted",
			"actor=system&kind=key.rotated":         "key.rotated",
			"from=2030-02-01&to=2030-02-01":         "session.stepped_up",
			"from=2030-02-02&kind=consent.granted":  "consent.granted consent.granted",
			"app=cli_nothing":                       "",
			"session=" + ses + "&kind=key.rotated":  "",
		} {
			got := strings.Join(b.get(page.PathAdminAudit+"?"+query).want(http.StatusOK).all(".row-kind"), " ")
			if got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
			if want == "" {
				b.has(".empty-title", "No events")
			}
		}
		b.get(page.PathAdminAudit+"?q=nobody@example.com").want(http.StatusOK).has(".fault", "Nobody is known")
		b.get(page.PathAdminAudit+"?actor=nobody@example.com").want(http.StatusOK).has(".fault", "Nobody is known")
		b.get(page.PathAdminAudit+"?from=today").want(http.StatusUnprocessableEntity).has("#f-from-fault", "Write a day")
		b.get(page.PathAdminAudit+"?from=2030-02-02&to=2030-02-01").want(http.StatusUnprocessableEntity).has("#f-to-fault", "before the first day")
	})
}

func TestPagesOfEventsKeepTheFilters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		const n = 2*rowsShown + 7
		for i := range n {
			w.must(audit.Write(t.Context(), w.Store, audit.Event{Kind: audit.ConsentGranted, At: w.clock.Now().Add(time.Duration(i/3) * time.Second), // three at once
				By: "cli", ClientID: "cli_notes", Data: map[string]any{"scope": fmt.Sprint("n", i)}}))
		}
		seen, pages := map[string]bool{}, 0
		for path := page.PathAdminAudit + "?app=cli_notes&kind=consent.granted&from=2030-01-01"; path != ""; pages++ {
			for _, row := range b.get(path).want(http.StatusOK).all(".row-said") {
				if seen[row] {
					t.Errorf("%q twice", row)
				}
				seen[row] = true
			}
			path = b.next()
		}
		if len(seen) != n || pages != 3 {
			t.Errorf("%d events on %d pages", len(seen), pages)
		}
	})
}

// next is where the link to the next page of a list leads; "" on the last.
func (b *browser) next() string {
	_, rest, found := strings.Cut(b.body, `<p class="pager">`)
	for found {
		_, rest, found = strings.Cut(rest, `href="`)
		href, after, _ := strings.Cut(rest, `"`)
		if strings.HasPrefix(after, ` rel="next"`) {
			return strings.ReplaceAll(href, "&amp;", "&")
		}
	}
	return ""
}

func TestEventPage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin := w.person("admin@example.com", actor.RoleAdmin, "")
		u := w.person("user@example.com", "", "")
		b := w.signIn(admin)
		at := eventURL(w.write(audit.Event{Kind: audit.UserUpdated, UserID: u.ID, By: admin.ID, SessionID: b.current.ID, DeviceID: b.current.DeviceID,
			Data: map[string]any{"changed": []string{"locale"}, "before": map[string]string{"locale": "de"}, "after": map[string]string{"locale": "en"}}}))
		b.get(at).want(http.StatusOK).has("h1", "Account changed").has("dd", "user.updated").has("dd", "user@example.com").has("dd", "Firefox on Linux").
			has("dd", "req-1").has("td", "de").has("td", "en").has("pre", `"locale": "de"`).has(".card-lead", "Not sealed yet")
		for _, href := range []string{userURL(u.ID), userURL(admin.ID), sessionURL(b.current.ID), page.PathAdminAudit + "?q=" + u.ID} {
			if !strings.Contains(b.body, `href="`+href+`"`) {
				t.Errorf("no link to %s", href)
			}
		}
		_, err := w.Audit.Seal(t.Context())
		w.must(err)
		b.get(at).has(".tag", "Sealed").has(".card-lead", "The next checkpoint").has(".button", "The event before it").without("The event after it")
		w.must(w.Audit.Checkpoint(t.Context()))
		b.get(at).has(".card-lead", "A signed checkpoint vouches for it.")
		b.get(eventURL(id.New(id.Event))).want(http.StatusNotFound)
		b.get(eventURL("evt_nonsense")).want(http.StatusNotFound)

		// What an auditor may not see is not linked to, and of what is gone there is no link either.
		w.must(w.Users.Delete(t.Context(), w.Store, w.Door, u.ID, "test"))
		b.get(at).want(http.StatusOK).without(`href="` + userURL(u.ID) + `"`)
		support := w.signIn(w.person("support@example.com", actor.RoleSupport, ""))
		support.get(at).want(http.StatusNotFound)
		support.get(userURL(admin.ID)).want(http.StatusOK).without(page.PathAdminAudit + "/evt_")
	})
}

func TestTheAuditIsVerified(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("admin@example.com", actor.RoleAdmin, ""))
		w.write(audit.Event{Kind: audit.KeyRotated, By: logout.System})
		_, err := w.Audit.Seal(t.Context())
		w.must(err)
		w.must(w.Audit.Checkpoint(t.Context()))
		b.get(pathVerify).want(http.StatusOK).has(".empty-title", "Nothing verified yet")
		verify := func(span string) *browser {
			t.Helper()
			b.post(pathVerify, "span", span).leads(pathVerify)
			for i := 0; i < 500 && strings.Contains(b.body, "Load again"); i++ {
				time.Sleep(10 * time.Millisecond)
				b.get(pathVerify)
			}
			return b.want(http.StatusOK).without("Load again")
		}
		for _, span := range page.VerifySpans() {
			verify(span).has(".tag", "Whole").has("dd", "1").without("Broken")
		}
		b.get(page.PathAdminAudit).has(".verified", "Whole")
		b.post(pathVerify, "span", "1y").want(http.StatusBadRequest)

		list, err := w.Store.QueryAuditEvents(t.Context(), storage.AuditQuery{Kind: string(audit.KeyRotated)})
		w.must(err)
		forged := *list[0]
		forged.ID, forged.Position, forged.Hash = id.New(id.Event), 100, "00"
		w.must(w.Store.InsertAuditEvents(t.Context(), []*storage.AuditEvent{&forged}))
		verify("all").has(".tag", "Broken").has(".row-more", "none is there").has(".row-more", "gone")
		b.get(page.PathAdminAudit).has(".verified", "Broken")
		forged.ID, forged.Position = id.New(id.Event), list[0].Position+1 // that is the last of the chain
		w.must(w.Store.InsertAuditEvents(t.Context(), []*storage.AuditEvent{&forged}))
		verify("24h").has(".tag", "Broken").has(".row-name", fmt.Sprintf("Chain %s, position %d", forged.Chain, forged.Position)).has(".row-more", "edited")
		if !strings.Contains(b.body, `href="`+eventURL(forged.ID)+`"`) {
			t.Error("the forged event is not linked to")
		}
	})
}

func TestHistoryOfAUserHasPages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin := w.person("admin@example.com", actor.RoleAdmin, "")
		u := w.person("user@example.com", "", "")
		b := w.signIn(admin)
		w.write(audit.Event{Kind: audit.ImpersonationStarted, UserID: u.ID, By: admin.ID, Data: map[string]any{"actor": admin.ID, "reason": "Ticket 4711"}})
		for range userEvents + 3 {
			w.must(audit.Write(t.Context(), w.Store, audit.Event{Kind: audit.SessionSwitched, At: w.clock.Now(), UserID: u.ID, By: u.ID}))
		}
		b.get(userURL(u.ID)).want(http.StatusOK).has("#acted-by", "Others acting as this user").has(".row-said", "Ticket 4711").has(".row-name", "Account chosen again")
		_, rest, found := strings.Cut(b.body, userURL(u.ID)+"?before=")
		before, _, _ := strings.Cut(rest, "#")
		if !found {
			t.Fatal("no older page")
		}
		b.get(userURL(u.ID)+"?before="+before).want(http.StatusOK).has(".row-name", "Account created").has(".button", "Newest")
		b.get(userURL(u.ID) + "?before=" + url.QueryEscape("x")).want(http.StatusNotFound)
		b.get(userURL(admin.ID)).has("#acted", "Acting as others").has(".row-more", "user@example.com")
	})
}
