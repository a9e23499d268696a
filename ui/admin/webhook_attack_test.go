package admin

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/ui/page"
)

// hookActs is everything that changes an endpoint, with what would do it.
func hookActs(at, deliveryID string) map[string][]string {
	return map[string][]string{pathNewHook: {"url", "https://evil.example.com/"}, at + "/edit": {"url", "https://evil.example.com/", "version", "1"},
		at + "/secret": {"overlap", "none"}, at + "/test": {}, at + "/enable": {}, at + "/delete": {"confirm", "yes"},
		at + "/deliveries/" + deliveryID + "/resend": {}}
}

// Who only reads sees everything but how to change it, and changes nothing.
func TestReadingEndpointsIsNotChangingThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		e := w.hookTo(webhook.Fields{}, webhook.HMAC)
		d := w.owe(e, "user.created", w.settled("failed", "timeout", 0))
		at := hookURL(e.ID)
		auditor, support := w.signIn(w.person("auditor@example.com", actor.RoleAuditor, "")), w.signIn(w.person("support@example.com", actor.RoleSupport, ""))
		for _, path := range []string{page.PathAdminWebhooks, at, at + "?outcome=failed", deliveryURL(e.ID, d.ID)} {
			auditor.get(path).want(http.StatusOK)
			for _, form := range strings.Split(auditor.body, "<form ")[1:] {
				if strings.HasPrefix(form, `method="post"`) && !strings.Contains(form, pathSignOut) {
					t.Errorf("%s offers <form %.80s", path, form)
				}
			}
			auditor.without("/edit\"").without(pathNewHook).without("/secret\"")
			support.get(path).want(http.StatusNotFound)
		}
		for _, b := range []*browser{auditor, support} {
			for _, path := range []string{pathNewHook, at + "/edit", at + "/secret"} {
				b.get(path).want(http.StatusNotFound)
			}
			for path, pairs := range hookActs(at, d.ID) {
				b.fill(path, pairs...).want(http.StatusNotFound)
			}
		}
		if diff := cmp.Diff(e, w.onlyHook()); diff != "" {
			t.Error(diff)
		}
	})
}

// What another site has an administrator's browser post does nothing, and neither does one that nobody is signed in to.
func TestAnotherSiteChangesNoEndpoint(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		e := w.hookTo(webhook.Fields{}, webhook.HMAC)
		d := w.owe(e, "user.created", w.settled("failed", "timeout", 0))
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		nobody := &browser{world: w, cookies: map[string]string{}}
		for path, pairs := range hookActs(hookURL(e.ID), d.ID) {
			for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, issuer+path, strings.NewReader(strings.Join(pairs, "=")))
				w.must(err)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set(name, value)
				b.send(r).want(http.StatusForbidden)
			}
			nobody.fill(path, pairs...).want(http.StatusSeeOther)
		}
		b.get(hookURL(e.ID) + "/delete?confirm=yes").want(http.StatusMethodNotAllowed)
		if diff := cmp.Diff(e, w.onlyHook()); diff != "" {
			t.Error(diff)
		}
		if list, err := w.Webhooks.Log(t.Context(), e.ID, "", "", 10); err != nil || len(list) != 1 {
			t.Errorf("%d deliveries, %v", len(list), err)
		}
	})
}

// What was registered stays data, in every page that shows it.
func TestMarkupOfAnEndpointIsText(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		const script = `"><script>alert(1)</script>`
		b.fill(pathNewHook, "description", script, "url", "https://hooks.example.com/`+alert(1)+`?<script>").want(http.StatusOK)
		e := w.onlyHook()
		d := w.owe(e, "user.created", nil)
		at := hookURL(e.ID)
		for _, path := range []string{page.PathAdminWebhooks, at, at + "?stack=go", at + "?stack=" + "%22%3E%3Cscript%3E", at + "/edit", at + "/secret", deliveryURL(e.ID, d.ID)} {
			b.get(path).want(http.StatusOK).without("<script>")
		}
		b.get(at).has("#snippet-code", `app.post("/hooks/curfew"`)
		b.post(at + "/delete").want(http.StatusOK).without("<script>")
		b.fill(pathNewHook, "description", script, "url", script).want(http.StatusUnprocessableEntity).without("<script>")
	})
}

// Mail that is left to an endpoint has the codes by which owners sign in: an administrator sends it nowhere.
func TestAdministratorsHaveNoCodesSent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin, owner := w.signIn(w.person("admin@example.com", actor.RoleAdmin, "")), w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		create := []string{"url", "https://evil.example.com/", "signature", "hmac", "choice", "some", "events", "email.created"}
		admin.post(pathNewHook, create...).want(http.StatusUnprocessableEntity).has(".fault", "only an owner can choose")
		e := w.hookTo(webhook.Fields{Events: []webhook.Event{webhook.EmailCreated}}, webhook.HMAC)
		edit := []string{"url", "https://evil.example.com/", "choice", "some", "events", "email.created", "version", "1"}
		admin.post(hookURL(e.ID)+"/edit", edit...).want(http.StatusUnprocessableEntity)
		if diff := cmp.Diff(e, w.onlyHook()); diff != "" {
			t.Error(diff)
		}
		owner.post(hookURL(e.ID)+"/edit", edit...).leads(hookURL(e.ID))
	})
}

// The form offers an administrator what is taken of it, and an endpoint that takes codes stays as an owner made it when they edit the rest.
func TestFormOfAnEndpointOffersWhatIsTaken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin, owner := w.signIn(w.person("admin@example.com", actor.RoleAdmin, "")), w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		const mail, text = `value="email.created"`, `value="sms.created"`
		admin.get(pathNewHook).want(http.StatusOK).without(mail).without(text).has(".hint", "Only an owner can choose email.created, sms.created")
		if owner.get(pathNewHook).want(http.StatusOK).without("Only an owner"); !strings.Contains(owner.body, mail) || !strings.Contains(owner.body, text) {
			t.Error("an owner is not offered all events")
		}

		e := w.hookTo(webhook.Fields{Events: []webhook.Event{webhook.UserCreated, webhook.EmailCreated}}, webhook.HMAC)
		edit := hookURL(e.ID) + "/edit"
		admin.get(edit).want(http.StatusOK).without(text).has(".hint", "Only an owner can choose sms.created:").has(".hint", "only an owner can change the address")
		typed := func() url.Values {
			v := admin.get(edit).fields()
			v.Set("choice", "some")
			return v
		}
		v := typed()
		v.Set("description", "Edited")
		admin.do(http.MethodPost, edit, v.Encode()).leads(hookURL(e.ID))
		f, err := webhook.FieldsOf(w.onlyHook())
		w.must(err)
		if d := cmp.Diff(webhook.Fields{URL: hookAddress, Description: "Edited", Events: []webhook.Event{webhook.UserCreated, webhook.EmailCreated}}, f); d != "" {
			t.Error(d)
		}

		for field, value := range map[string]string{"url": "https://evil.example.com/", "events": "sms.created"} {
			v := typed()
			if field == "events" {
				v.Add(field, value)
			} else {
				v.Set(field, value)
			}
			admin.do(http.MethodPost, edit, v.Encode()).want(http.StatusUnprocessableEntity).has("#f-"+field+"-fault", "nly an owner can").without(text)
		}
		if is := w.onlyHook(); is.URL != hookAddress || is.Version != 2 {
			t.Errorf("saved %+v", is)
		}
		// To take the codes away is less, and they are an owner's to give back then.
		v = typed()
		v["events"] = []string{"user.created"}
		admin.do(http.MethodPost, edit, v.Encode()).leads(hookURL(e.ID))
		admin.get(edit).want(http.StatusOK).without(mail).without("can change the address")
	})
}

// Private metadata goes where somebody sends it who could read it: every role that writes endpoints can.
func TestWhoWritesEndpointsReadsUsers(t *testing.T) {
	for role := range Roles {
		if May(role, WebhooksWrite) && !May(role, UsersRead) {
			t.Errorf("%s would send what they cannot read", role)
		}
	}
}
