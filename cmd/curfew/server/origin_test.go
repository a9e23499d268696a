package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
)

// PostgreSQL refuses bytes that are no text, so a sign-in with such a header would fail.
func TestUserAgentIsText(t *testing.T) {
	for _, agent := range []string{"\xff\xfe", "Firefox \x80", strings.Repeat("a", 299) + "é", strings.Repeat("ü", 4000), ""} {
		var got audit.Origin
		h := httpx.Wrap(withOrigin(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = audit.OriginOf(r.Context())
		})), httpx.WrapOptions{})
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("User-Agent", agent)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if !utf8.ValidString(got.UserAgent) || len(got.UserAgent) > 300 || got.IPAddress != "192.0.2.1" || got.RequestID == "" {
			t.Errorf("%.20q became %+v", agent, got)
		}
	}
}
