package page_test

import (
	"strings"
	"testing"

	"github.com/curfew-id/curfew/ui/page"
)

// The page holds one script of ours, nothing inline, and tells it three things.
func TestCheckSession(t *testing.T) {
	var b strings.Builder
	if err := (page.CheckSession{Cookie: "__Host-state", Attributes: `; Path=/; "><script>`, EventsPath: "/events"}).Write(&b); err != nil {
		t.Fatal(err)
	}
	scripts := 0
	for _, n := range parse(t, b.String()) {
		switch n.Data {
		case "html":
			for name, want := range map[string]string{"data-cookie": "__Host-state", "data-attributes": `; Path=/; "><script>`, "data-events": "/events"} {
				if got, _ := attr(n, name); got != want {
					t.Errorf("%s %q, want %q", name, got, want)
				}
			}
		case "script":
			scripts++
			if src, _ := attr(n, "src"); !strings.HasPrefix(src, page.StaticPath+"check_session.") || text(n) != "" {
				t.Errorf("script from %q with %q in it", src, text(n))
			}
		case "head", "body", "meta", "title", "":
		default:
			t.Errorf("a <%s>", n.Data)
		}
	}
	if scripts != 1 {
		t.Errorf("%d scripts in %s", scripts, b.String())
	}
}
