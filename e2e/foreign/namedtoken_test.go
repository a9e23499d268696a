package foreign

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
)

// Named templates as the services document what they read, which npm jose finds in a token that it has verified by our JWKS.
//
//   - Hasura, JWT mode: a namespace of claims whose values are strings, with an allowed and a default role.
//   - Supabase, third-party auth: role, which PostgreSQL takes on.
//   - PostgREST: role, at the top level (jwt-role-claim-key).
var services = map[string]struct{ template, want string }{
	"hasura": {`{"https://hasura.io/jwt/claims":{"x-hasura-allowed-roles":["user","{{user.public_metadata.role || 'user'}}"],
		"x-hasura-default-role":"{{user.public_metadata.role || 'user'}}","x-hasura-user-id":"{{user.id}}"}}`,
		`{"https://hasura.io/jwt/claims":{"x-hasura-allowed-roles":["user","editor"],"x-hasura-default-role":"editor","x-hasura-user-id":"USER"}}`},
	"supabase": {`{"role":"authenticated","email":"{{user.primary_email}}","app_metadata":{"plan":"{{user.public_metadata.plan || 'free'}}"}}`,
		`{"role":"authenticated","email":"user@example.com","app_metadata":{"plan":"free"}}`},
	"postgrest": {`{"role":"web_{{user.public_metadata.role}}"}`, `{"role":"web_editor"}`},
}

func TestNamedTokensForServices(t *testing.T) {
	needPackages(t)
	h := start(t)
	user, err := h.Server.Users.ByEmail(t.Context(), person)
	if err != nil {
		t.Fatal(err)
	}
	now := h.Server.Clock.Now()
	s := &storage.Session{UserID: user.ID, ID: id.New(id.Session), Kind: storage.KindBrowser, AuthenticatedAt: storage.At(now), CreatedAt: storage.At(now),
		LastActiveAt: storage.At(now), IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(now.Add(time.Hour))}
	if err := h.Server.Store.StartSession(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	h.manageBy(http.MethodPatch, "/v1/users/"+user.ID+"/metadata", json.RawMessage(`{"public_metadata":{"role":"editor"}}`), new(any))
	verify := newVerifier(t, h.Info.Issuer)
	for name, c := range services {
		t.Run(name, func(t *testing.T) {
			h.manageBy(http.MethodPut, "/v1/claim_templates/named/"+name, json.RawMessage(`{"claims":`+c.template+`}`), new(any))
			var made struct{ JWT string }
			h.manage("/v1/sessions/"+s.ID+"/tokens/"+name, nil, &made)
			got := verify(made.JWT, name)
			if got.Refused != "" {
				t.Fatal(got.Refused)
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(strings.ReplaceAll(c.want, "USER", user.ID)), &want); err != nil {
				t.Fatal(err)
			}
			for claim, v := range want {
				if d := cmp.Diff(v, got.Payload[claim]); d != "" {
					t.Errorf("%s: %s", claim, d)
				}
			}
			if got.Payload["sub"] != user.ID || got.Payload["sid"] != s.ID || got.Payload["exp"].(float64)-got.Payload["iat"].(float64) != 60 {
				t.Errorf("%v", got.Payload)
			}
			if got := verify(made.JWT, "another"); got.Refused == "" {
				t.Error("taken for another audience")
			}
			parts := strings.Split(made.JWT, ".")
			if got := verify(parts[0]+"."+parts[1][:len(parts[1])-4]+"AAAA."+parts[2], name); got.Refused == "" {
				t.Error("taken though it was changed")
			}
		})
	}
}

type verified struct {
	Payload map[string]any
	Refused string
}

// newVerifier starts npm/verify-token.js, which ends with the test.
func newVerifier(t *testing.T, issuer string) func(token, audience string) verified {
	t.Helper()
	var errors bytes.Buffer
	cmd := exec.Command("node", "verify-token.js")
	cmd.Dir, cmd.Stderr = "npm", &errors
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil || errors.Len() > 0 {
			t.Errorf("verify-token.js: %v %s", err, errors.String())
		}
	})
	lines := bufio.NewReader(out)
	return func(token, audience string) (v verified) {
		t.Helper()
		err := json.NewEncoder(in).Encode(map[string]string{"jwks": issuer + "/.well-known/jwks.json", "token": token, "issuer": issuer, "audience": audience})
		if err != nil {
			t.Fatal(err)
		}
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
}
