package api_test

import (
	"testing"
	"time"
)

// What people's apps post is run once by its key, too; the key is that of one session of one app.
func TestRepeatedRequestOfAPersonIsRunOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, name := range []string{"shop", "mail"} {
			w.do(t, "PUT", "/v1/claim_templates/named/"+name, `{"claims":{"who":"{{user.id}}"}}`).want(t, 200)
		}
		ada, eve := w.person(t, "ada@example.com"), w.person(t, "eve@example.com")
		here, there := w.session(t, ada), w.session(t, ada)
		a, other, elsewhere, hers := w.takePart(t, here, "openid"), w.takePart(t, here, "openid"), w.takePart(t, there, "openid"), w.takePart(t, w.session(t, eve), "openid")
		ask := func(p *app, name string) answer {
			return w.send(t, p.access, "POST", "/v1/me/tokens/"+name, "", "Idempotency-Key", "k")
		}
		first := ask(a, "shop").want(t, 200)
		w.clock.Advance(time.Second) // another run would make another token
		again := ask(a, "shop").want(t, 200)
		if again.raw != first.raw || again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("answered %s and %s", first.raw, again.raw)
		}
		ask(a, "mail").wantFault(t, 422, "header", "Idempotency-Key")
		seen := map[string]bool{first.text("jwt"): true}
		for name, p := range map[string]*app{"another app": other, "another session": elsewhere, "somebody else": hers} {
			got := ask(p, "shop").want(t, 200)
			if seen[got.text("jwt")] || got.header.Get("Idempotency-Replayed") != "" {
				t.Errorf("%s was given what another had been", name)
			}
			seen[got.text("jwt")] = true
		}
		w.send(t, a.access, "POST", "/v1/me/tokens/shop", "", "Idempotency-Key", "").wantFault(t, 400, "header", "Idempotency-Key")

		// What is refused is not kept.
		ask2 := func() answer {
			return w.send(t, a.access, "POST", "/v1/me/tokens/late", "", "Idempotency-Key", "k2")
		}
		ask2().want(t, 404)
		w.do(t, "PUT", "/v1/claim_templates/named/late", `{"claims":{"who":"{{user.id}}"}}`).want(t, 200)
		ask2().want(t, 200)

		// A session that has ended is answered nothing, not even what it was before.
		w.do(t, "POST", "/v1/sessions/"+here.ID+"/revoke", "").want(t, 200)
		ask(a, "shop").want(t, 401)
		ask(elsewhere, "shop").want(t, 200)
	})
}
