package httpx

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCORS(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Vary", "Accept")
		_, _ = w.Write([]byte("{}"))
	})
	asked := ""
	registered := CORSRegistered(ok, "POST", func(_ context.Context, origin string) bool {
		asked = origin
		return origin == "https://app.example.com"
	})
	public := CORSPublic(ok)
	tests := []struct {
		name      string
		h         http.Handler
		origin    string
		preflight bool
		status    int
		allow     string
		vary      bool
		asked     bool
	}{
		{"public", public, "https://anyone.example.com", false, 200, "*", false, false},
		{"public without origin", public, "", false, 200, "*", false, false},
		{"public preflight", public, "https://anyone.example.com", true, 204, "*", false, false},
		{"registered", registered, "https://app.example.com", false, 200, "https://app.example.com", true, true},
		{"registered preflight", registered, "https://app.example.com", true, 204, "https://app.example.com", true, true},
		{"without origin", registered, "", false, 200, "", true, false},
		{"stranger", registered, "https://evil.example.com", false, 200, "", true, true},
		{"stranger's preflight", registered, "https://evil.example.com", true, 403, "", true, true},
		{"null", registered, "null", false, 200, "", true, false},
		{"with a path", registered, "https://app.example.com/", false, 200, "", true, false},
		{"with a user", registered, "https://x@app.example.com", false, 200, "", true, false},
		{"other case", registered, "https://APP.example.com", false, 200, "", true, false},
		{"overlong", registered, "https://" + strings.Repeat("a", 400), false, 200, "", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked = ""
			r := httptest.NewRequest("POST", "/oauth/token", nil)
			if tt.preflight {
				r.Method = http.MethodOptions
				r.Header.Set("Access-Control-Request-Method", "POST")
			}
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			w := httptest.NewRecorder()
			tt.h.ServeHTTP(w, r)
			if got := w.Header().Get("Access-Control-Allow-Origin"); w.Code != tt.status || got != tt.allow {
				t.Errorf("%d, allow %q", w.Code, got)
			}
			if got := strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Origin"); got != tt.vary {
				t.Errorf("Vary %q", w.Header().Values("Vary"))
			}
			if _, sent := w.Header()["Access-Control-Allow-Credentials"]; sent {
				t.Error("credentials are allowed")
			}
			if tt.asked != (asked != "") {
				t.Errorf("asked for %q", asked)
			}
			if tt.preflight && tt.status == 204 && w.Header().Get("Access-Control-Allow-Methods") == "" {
				t.Error("no methods in the preflight's answer")
			}
		})
	}
}
