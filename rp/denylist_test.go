package rp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/rptest"
)

// listed returns a world whose application reads the deny list.
func listed(t *testing.T, change ...func(*rp.Config)) *world {
	t.Helper()
	rp.Hurry(t, time.Minute)
	w := newWorld(t, change...)
	follow(t, func(ctx context.Context) error { return w.app.Follow(ctx, rp.DenyList) })
	w.eventually("a reading", func() bool { return w.provider.Requests("/sessions/denied") > 1 })
	return w
}

// readings waits until the list has been asked for twice more, so that what was there before has been read.
func (w *world) readings() {
	w.Helper()
	before := w.provider.Requests("/sessions/denied")
	w.eventually("two readings", func() bool { return w.provider.Requests("/sessions/denied") >= before+3 })
}

func TestFollowDenyList(t *testing.T) {
	var told endings
	w := listed(t, func(c *rp.Config) { c.OnSessionEnd = told.take })
	b := w.browser()
	p := w.visit(b, "/")
	w.provider.End(p.SessionID)
	w.eventually("the end", func() bool { return w.store.Len() == 0 })
	w.readings() // it is listed for a while, and told once
	if all := told.list(); len(all) != 1 || all[0] != (rp.SessionEnd{SessionID: p.SessionID, Channel: rp.ChannelDenyList}) {
		t.Errorf("told %+v", all)
	}
	for name, list := range map[string]func(c map[string]any, now int64){
		"user":      func(c map[string]any, now int64) { c["subs"] = map[string]int64{p.Subject: now} },
		"client":    func(c map[string]any, now int64) { c["clients"] = map[string]int64{"shop": now} },
		"everybody": func(c map[string]any, now int64) { c["all"] = now },
	} {
		w.pass(5 * time.Second)
		b := w.browser()
		w.visit(b, "/")
		now := w.theirs.Now().Unix()
		w.provider.Set(func(p *rptest.Provider) { p.Tamper.DenyList = func(c map[string]any) { list(c, now) } })
		w.eventually("the end of "+name, func() bool {
			res, _ := w.get(still(b), "/")
			return res.StatusCode == http.StatusFound
		})
		w.pass(2 * time.Second)
		again := w.browser()
		w.visit(again, "/")
		w.readings()
		w.visit(still(again), "/")
	}
}

func TestHostileDenyLists(t *testing.T) {
	w := listed(t)
	b := w.browser()
	p := w.visit(b, "/")
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	names := func(c map[string]any) { c["sids"] = []string{p.SessionID} }
	set := func(name string, v any) func(map[string]any) {
		return func(c map[string]any) { names(c); c[name] = v }
	}
	now := w.theirs.Now().Unix()
	for name, bend := range map[string]func(tamper *rptest.Tamper){
		"another audience": func(x *rptest.Tamper) { x.DenyList = set("aud", "other") },
		"another issuer":   func(x *rptest.Tamper) { x.DenyList = set("iss", "https://evil.example.com") },
		"expired":          func(x *rptest.Tamper) { x.DenyList = set("exp", now-5) },
		"no exp":           func(x *rptest.Tamper) { x.DenyList = func(c map[string]any) { names(c); delete(c, "exp") } },
		"no iat":           func(x *rptest.Tamper) { x.DenyList = func(c map[string]any) { names(c); delete(c, "iat") } },
		"from the future":  func(x *rptest.Tamper) { x.DenyList = set("iat", now+60) },
		"sids no list":     func(x *rptest.Tamper) { x.DenyList = set("sids", p.SessionID) },
		"mixed sids":       func(x *rptest.Tamper) { x.DenyList = set("sids", []any{p.SessionID, 1}) },
		"subs a list":      func(x *rptest.Tamper) { x.DenyList = set("subs", []string{"a"}) },
		"subs no times":    func(x *rptest.Tamper) { x.DenyList = set("subs", map[string]any{p.Subject: "now"}) },
		"clients no times": func(x *rptest.Tamper) { x.DenyList = set("clients", map[string]any{"shop": nil}) },
		"all no time":      func(x *rptest.Tamper) { x.DenyList = set("all", true) },
		"another typ": func(x *rptest.Tamper) {
			x.DenyList = names
			x.SignDenyList = func(_ map[string]any, sign func(string) string) string { return sign("JWT") }
		},
		"no typ": func(x *rptest.Tamper) {
			x.DenyList = names
			x.SignDenyList = func(_ map[string]any, sign func(string) string) string { return sign("") }
		},
		"another's key": func(x *rptest.Tamper) {
			x.DenyList = names
			x.SignDenyList = func(c map[string]any, _ func(string) string) string {
				return rptest.SignWith(c, jose.ES256, stranger, "k1", "denylist+jwt")
			}
		},
		"another algorithm": func(x *rptest.Tamper) {
			x.DenyList = names
			x.SignDenyList = func(c map[string]any, _ func(string) string) string {
				return rptest.SignWith(c, jose.RS256, strong, "k1", "denylist+jwt")
			}
		},
		"cut off": func(x *rptest.Tamper) {
			x.DenyList = names
			x.SignDenyList = func(_ map[string]any, sign func(string) string) string {
				raw := sign("denylist+jwt")
				return raw[:len(raw)-3]
			}
		},
	} {
		w.provider.Set(func(p *rptest.Provider) {
			p.Tamper = rptest.Tamper{}
			bend(&p.Tamper)
		})
		w.readings()
		if w.store.Len() != 1 {
			t.Fatalf("%s was believed", name)
		}
	}
	w.provider.Set(func(p *rptest.Provider) { p.Tamper = rptest.Tamper{DenyList: names} })
	w.eventually("the control to be believed", func() bool { return w.store.Len() == 0 })
}

// TestDenyListLost: without the list tokens die by their exp, and when it is back it is believed again.
func TestDenyListLost(t *testing.T) {
	w := listed(t)
	b := w.browser()
	p := w.visit(b, "/")
	w.wire.cut.Store(true)
	w.provider.End(p.SessionID)
	w.provider.RefuseListeners()
	time.Sleep(30 * time.Millisecond)
	w.visit(still(b), "/")
	if _, err := verifyWith(w, p.Token); err != nil {
		t.Errorf("its token: %v", err)
	}
	w.wire.cut.Store(false)
	w.eventually("the end", func() bool { return w.store.Len() == 0 })
	if _, err := verifyWith(w, p.Token); !errors.Is(err, errRefused) {
		t.Errorf("its token: %v", err)
	}
}

var errRefused = errors.New("refused")

func verifyWith(w *world, token string) (int, error) {
	rec := (&resource{}).call(w.app.Bearer(http.HandlerFunc(show)), "Bearer "+token)
	if rec.Code != http.StatusOK {
		return rec.Code, errRefused
	}
	return rec.Code, nil
}
