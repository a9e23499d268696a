package admin

import (
	"go/format"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func TestWebhookSnippets(t *testing.T) {
	for scheme, variable := range map[string]string{webhook.HMAC: "CURFEW_WEBHOOK_SECRET", webhook.Ed25519: "CURFEW_WEBHOOK_PUBLIC_KEY"} {
		for _, stack := range hookStacks(scheme) {
			e := &storage.WebhookEndpoint{URL: "https://app.example.com/hooks/in?tenant=1", Signature: scheme, PublicKey: "whpk_given"}
			s := hookSnippet(stack, e)
			if !strings.Contains(s.Code, "/hooks/in\"") || strings.Contains(s.Code, "tenant") || strings.Contains(s.Code, "$P") || s.File == "" {
				t.Errorf("%s %s: %+v", stack, scheme, s)
			}
			if !strings.Contains(s.Code, variable) || strings.Contains(s.Code, "whpk_given") {
				t.Errorf("%s %s does not read its key from %s", stack, scheme, variable)
			}
			if neat, err := format.Source([]byte(s.Code)); stack == "go" && (err != nil || string(neat) != s.Code) {
				t.Errorf("%s: not as gofmt has it: %v", scheme, err)
			}
			// A path that routers would read as a pattern is not put into a program.
			for _, path := range []string{"", "/", "/a:b", "/a*", "/{id}", "/a//b", "/../x", "/a/", "/%22);evil(%22", "/(x)", "/a`b", "/$PATH"} {
				e.URL = "https://app.example.com" + path
				if got := hookSnippet(stack, e); !strings.Contains(got.Code, `/hooks/curfew"`) {
					t.Errorf("%s %s takes %q", stack, scheme, path)
				}
			}
		}
	}
	if len(page.WebhookStacks()) != len(hookStacks(webhook.HMAC)) {
		t.Error("a stack has no snippet, or no name")
	}
}
