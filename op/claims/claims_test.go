package claims_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/claims"
)

var (
	person = &claims.User{ID: "usr_1", Name: `Ada "the first" Lovelace`, PrimaryEmail: "ada@example.com", EmailVerified: true,
		Role: "support", CreatedAt: time.Unix(1700000000, 0),
		PublicMetadata:  json.RawMessage(`{"plan":"pro","seats":12,"big":9007199254740993,"on":false,"none":null,"empty":"","roles":["a","b"],"deep":{"er":{"x":1.50}}}`),
		PrivateMetadata: json.RawMessage(`{"stripe":"cus_1"}`), UnsafeMetadata: json.RawMessage(`{"text":"say \"hi\" \\ "}`)}
	session = &claims.Session{ID: "ses_1", Kind: "impersonation", ActorSub: "usr_2", ClientID: "web", ClientName: "Web"}
)

func render(t *testing.T, template string) string {
	t.Helper()
	parsed, err := claims.Parse([]byte(template))
	if err != nil {
		t.Fatal(err)
	}
	body := "{" + string(parsed.Bind(person).Append(nil, session)) + "}"
	if !json.Valid([]byte(body)) {
		t.Fatalf("no JSON: %s", body)
	}
	if len(body)-2 > parsed.Bound() {
		t.Fatalf("%d bytes, bound %d: %s", len(body)-2, parsed.Bound(), body)
	}
	return body
}

func TestRender(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{`{}`, `{}`},
		{`{"a":"plain","b":1,"c":true,"d":null,"e":[1,"x"],"f":{"g":{}}}`, `{"a":"plain","b":1,"c":true,"d":null,"e":[1,"x"],"f":{"g":{}}}`},
		// One shortcode alone keeps the type of its value.
		{`{"v":"{{user.public_metadata.plan}}"}`, `{"v":"pro"}`},
		{`{"v":"{{ user.public_metadata.seats }}"}`, `{"v":12}`},
		{`{"v":"{{user.public_metadata.big}}"}`, `{"v":9007199254740993}`},
		{`{"v":"{{user.public_metadata.on}}"}`, `{"v":false}`},
		{`{"v":"{{user.public_metadata.roles}}"}`, `{"v":["a","b"]}`},
		{`{"v":"{{user.public_metadata.deep.er}}"}`, `{"v":{"x":1.50}}`},
		{`{"v":["{{user.email_verified}}",{"w":"{{user.created_at}}"}]}`, `{"v":[true,{"w":1700000000}]}`},
		{`{"v":"{{user.private_metadata}}"}`, `{"v":{"stripe":"cus_1"}}`},
		// Text around it makes text of it.
		{`{"v":"plan {{user.public_metadata.plan}}, {{user.public_metadata.seats}} seats"}`, `{"v":"plan pro, 12 seats"}`},
		{`{"v":"<{{user.unsafe_metadata.text}}>"}`, `{"v":"<say \"hi\" \\ >"}`},
		{`{"v":"r={{user.public_metadata.roles}}"}`, `{"v":"r=[\"a\",\"b\"]"}`},
		{`{"v":"[{{user.public_metadata.nothing}}]"}`, `{"v":"[]"}`},
		{`{"v":"{{user.name}}!"}`, `{"v":"Ada \"the first\" Lovelace!"}`},
		// What is missing, null or an empty text falls back; false is something.
		{`{"v":"{{user.public_metadata.nothing}}"}`, `{"v":null}`},
		{`{"v":"{{user.public_metadata.plan.deeper}}"}`, `{"v":null}`},
		{`{"v":"{{user.public_metadata.nothing || user.public_metadata.none || user.public_metadata.empty || 'free'}}"}`, `{"v":"free"}`},
		{`{"v":"{{user.public_metadata.on || true}}"}`, `{"v":false}`},
		{`{"v":"{{user.primary_phone || -1.5}}"}`, `{"v":-1.5}`},
		{`{"v":"{{user.primary_phone || 'a || }} b'}}"}`, `{"v":"a || }} b"}`},
		{`{"v":"{{session.actor.sid || session.actor.sub || user.id}}"}`, `{"v":"usr_2"}`},
		{`{"v":"{{session.actor.sid || user.primary_phone || user.id}}"}`, `{"v":"usr_1"}`},
		{`{"v":"{{session.id}} {{client.id}} {{session.actor.iss || 'nobody'}}"}`, `{"v":"ses_1 web nobody"}`},
		// Names of claims that are addresses, as Hasura has them.
		{`{"https://hasura.io/jwt/claims":{"x-hasura-user-id":"{{user.id}}","x-hasura-default-role":"{{user.role}}"}}`,
			`{"https://hasura.io/jwt/claims":{"x-hasura-user-id":"usr_1","x-hasura-default-role":"support"}}`},
	} {
		t.Run(c.template, func(t *testing.T) {
			if d := cmp.Diff(c.want, render(t, c.template)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	many := func(n int, s string) string {
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf(`"c%d":%q`, i, s))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	for _, c := range []struct{ template, at, reason string }{
		{``, "claims", "no JSON"},
		{`[]`, "claims", "must be a JSON object"},
		{`{} {}`, "claims", "nothing behind it"},
		{`{"a":}`, "claims.a", "no JSON"},
		{`{"a":1,"a":2}`, "claims.a", "twice"},
		{`{"a":{"b":{"b":1,"b":2}}}`, "claims.a.b.b", "twice"},
		{`{"{{user.id}}":1}`, "claims.{{user.id}}", "name cannot hold"},
		{`{"a":"{{user.id"}`, "claims.a", "not closed"},
		{`{"a":["x","{{}}"]}`, "claims.a[1]", "missing"},
		{`{"a":"{{user.id || }}"}`, "claims.a", "missing"},
		{`{"a":"{{user.password}}"}`, "claims.a", "there is no"},
		{`{"a":"{{user.name.first}}"}`, "claims.a", "there is no"},
		{`{"a":"{{secrets.kek}}"}`, "claims.a", "begin with"},
		{`{"a":"{{user.public_metadata..x}}"}`, "claims.a", "dot too many"},
		{`{"a":"{{user.public_metadata.}}"}`, "claims.a", "dot too many"},
		{`{"a":"{{'x' || user.id}}"}`, "claims.a", "follow a literal"},
		{`{"a":"{{'x}}"}`, "claims.a", "not closed"},
		{`{"a":"{{01}}"}`, "claims.a", "no number"},
		{`{"a":"{{user.id:10}}"}`, "claims.a", "only metadata takes a size"},
		{`{"a":"{{user.public_metadata.x:0}}"}`, "claims.a", "size"},
		{`{"a":"{{user.public_metadata.x:9999}}"}`, "claims.a", "size"},
		{strings.Repeat(`{"a":`, 9) + `1` + strings.Repeat(`}`, 9), "claims.a.a.a.a.a.a.a.a", "nested deeper"},
		{many(65, "{{user.email_verified}}"), "claims.c64", "more than 64"},
		{many(10, "{{user.public_metadata.x}}"), "claims.c0", "could take"},
		{`{"small":"{{user.id}}","big":"{{user.public_metadata:2048}}"}`, "claims.big", "could take"},
		{`{"a":"` + strings.Repeat("x", 9000) + `"}`, "claims", "larger than"},
	} {
		t.Run(c.template[:min(40, len(c.template))], func(t *testing.T) {
			_, err := claims.Parse([]byte(c.template))
			var f *claims.Fault
			if !errors.As(err, &f) || f.At != c.at || !strings.Contains(f.Reason, c.reason) {
				t.Errorf("%v, want %s: ... %s", err, c.at, c.reason)
			}
		})
	}
}

// Nothing that curfew says itself can be said by a template: not the actor, not the life, not for whom it is.
func TestReservedClaimsAreRefused(t *testing.T) {
	for _, name := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "act", "may_act", "acr", "amr", "azp",
		"auth_time", "nonce", "at_hash", "client_id", "scope", "events", "cnf"} {
		for _, written := range []string{name, `\u00` + fmt.Sprintf("%02x", name[0]) + name[1:]} {
			_, err := claims.Parse([]byte(`{"x":1,"` + written + `":"y"}`))
			var f *claims.Fault
			if !errors.As(err, &f) || f.At != "claims."+name || !strings.Contains(f.Reason, "set by curfew") {
				t.Errorf("%s: %v", written, err)
			}
		}
		if _, err := claims.Parse([]byte(`{"x":{"` + name + `":1}}`)); err != nil {
			t.Errorf("%s further down: %v", name, err)
		}
	}
}

// A value that is larger than its place counts as missing, so that no user can make a token too large.
func TestTooLargeValuesAreMissing(t *testing.T) {
	u := &claims.User{PublicMetadata: json.RawMessage(`{"long":"` + strings.Repeat("x", 300) + `","quotes":["` + strings.Repeat(`\"`, 100) + `"]}`)}
	for _, c := range []struct {
		template, want string
		tooLarge       int
	}{
		{`{"v":"{{user.public_metadata.long}}"}`, `"v":null`, 1},
		{`{"v":"{{user.public_metadata.long || 'short'}}"}`, `"v":"short"`, 1},
		{`{"v":"{{session.actor.sub || user.public_metadata.long || 'short'}}"}`, `"v":"short"`, 1},
		{`{"v":"{{user.public_metadata.long:302}}"}`, `"v":"` + strings.Repeat("x", 300) + `"`, 0},
		{`{"v":"{{user.public_metadata.quotes}}"}`, `"v":["` + strings.Repeat(`\"`, 100) + `"]`, 0},
		{`{"v":" {{user.public_metadata.quotes}}"}`, `"v":" "`, 1},
	} {
		parsed, err := claims.Parse([]byte(c.template))
		if err != nil {
			t.Fatal(err)
		}
		bound := parsed.Bind(u)
		if got := string(bound.Append(nil, &claims.Session{})); got != c.want || bound.TooLarge != c.tooLarge {
			t.Errorf("%s: %s, %d too large", c.template, got, bound.TooLarge)
		}
	}
}

func TestCombine(t *testing.T) {
	for _, c := range []struct{ first, second, want string }{
		{``, ``, ``},
		{`{"a":1}`, ``, `{"a":1}`},
		{``, `{"a":1}`, `{"a":1}`},
		{`{"a":1,"b":{"x":2},"c":3}`, ` {"d":"{{user.id}}","b":{"y":4}}`, `{"a":1,"c":3,"d":"{{user.id}}","b":{"y":4}}`},
		{`{"a":1}`, `{"a":2}`, `{"a":2}`},
		{`{}`, `{}`, `{}`},
	} {
		got, err := claims.Combine([]byte(c.first), []byte(c.second))
		if err != nil || string(got) != c.want {
			t.Errorf("%s and %s: %s, %v", c.first, c.second, got, err)
		}
	}
	for _, bad := range []string{`[1]`, `{"a"`, `{"a":}`, `x`} {
		if got, err := claims.Combine([]byte(`{}`), []byte(bad)); err == nil {
			t.Errorf("%s: %s", bad, got)
		}
	}
}

func TestNamesAllParse(t *testing.T) {
	names := claims.Names()
	if len(names) < 20 {
		t.Errorf("%d names", len(names))
	}
	for _, name := range names {
		render(t, `{"v":"{{`+name+`}}"}`)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{`{"a":"{{user.public_metadata.plan || 'x'}} {{session.id}}"}`, `{"a":[{"b":"{{client.name}}"}]}`, `{"act":1}`} {
		f.Add(s, `{"plan":"p"}`, "name")
	}
	f.Fuzz(func(t *testing.T, template, metadata, name string) {
		parsed, err := claims.Parse([]byte(template))
		if err != nil {
			var fault *claims.Fault
			if !errors.As(err, &fault) || fault.At == "" || fault.Reason == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		u := &claims.User{ID: "usr_1", Name: name, PublicMetadata: json.RawMessage(metadata), UnsafeMetadata: json.RawMessage(metadata)}
		if !json.Valid([]byte(metadata)) {
			u.PublicMetadata, u.UnsafeMetadata = nil, nil
		}
		body := parsed.Bind(u).Append(nil, &claims.Session{ID: "ses_1", ClientName: name})
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte("{"+string(body)+"}"), &members); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if len(body) > parsed.Bound() || len(body) > claims.MaxRendered {
			t.Fatalf("%d bytes, bound %d", len(body), parsed.Bound())
		}
		for m := range members {
			if claims.Reserved(m) || !slices.Contains(parsed.Members, m) {
				t.Fatalf("member %q", m)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	parsed, err := claims.Parse([]byte(`{"plan":"{{user.public_metadata.plan || 'free'}}","email":"{{user.primary_email}}",
		"hasura":{"id":"{{user.id}}","session":"{{session.id}}","by":"{{session.actor.sub || user.id}}"},"client":"for {{client.name}}"}`))
	if err != nil {
		b.Fatal(err)
	}
	bound := parsed.Bind(person)
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		dst = bound.Append(dst[:0], session)
	}
}

func BenchmarkBind(b *testing.B) {
	parsed, err := claims.Parse([]byte(`{"plan":"{{user.public_metadata.plan || 'free'}}","seats":"{{user.public_metadata.seats}}"}`))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		parsed.Bind(person)
	}
}
