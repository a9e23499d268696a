package rp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/rp"
)

// frame loads the address as a frame of another site does, without cookies.
func (w *world) frame(query string) (*http.Response, string) {
	w.Helper()
	return w.get(http.DefaultClient, "/auth/frontchannel-logout"+query)
}

func TestFrontChannelLogout(t *testing.T) {
	var told endings
	w := newWorld(t, func(c *rp.Config) { c.OnSessionEnd = told.take })
	b, other := w.browser(), w.browser()
	p := w.visit(b, "/")
	w.visit(other, "/")
	iss, sid := url.QueryEscape(w.provider.Issuer), url.QueryEscape(p.SessionID)
	for name, query := range map[string]string{
		"nothing":        "",
		"no sid":         "?iss=" + iss,
		"no iss":         "?sid=" + sid,
		"wrong iss":      "?iss=https://evil.example.com&sid=" + sid,
		"iss with slash": "?iss=" + iss + "/&sid=" + sid,
		"two iss":        "?iss=" + iss + "&iss=https://evil.example.com&sid=" + sid,
		"two sid":        "?iss=" + iss + "&sid=" + sid + "&sid=x",
		"empty sid":      "?iss=" + iss + "&sid=",
		"huge sid":       "?iss=" + iss + "&sid=" + strings.Repeat("a", 5000),
		"no query":       "?iss=" + iss + "&sid=" + sid + "&%zz",
	} {
		if res, _ := w.frame(query); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	if res, _ := w.frame("?iss=" + iss + "&sid=ses_unknown"); res.StatusCode != http.StatusOK {
		t.Errorf("an unknown sid: %d", res.StatusCode)
	}
	if n := w.store.Len(); n != 2 || len(told.list()) != 0 {
		t.Fatalf("%d sessions, told %v", n, told.list())
	}
	res, body := w.frame("?iss=" + iss + "&sid=" + sid)
	csp := res.Header.Get("Content-Security-Policy")
	if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-store" || !strings.Contains(body, "Signed out") ||
		!strings.HasPrefix(csp, "default-src 'none';") || !strings.HasSuffix(csp, "frame-ancestors "+w.provider.Issuer) ||
		res.Header.Get("X-Frame-Options") != "" {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
	}
	if res, _ := w.get(still(b), "/"); res.StatusCode != http.StatusFound || w.store.Len() != 1 {
		t.Errorf("after the logout: %d, %d sessions", res.StatusCode, w.store.Len())
	}
	if all := told.list(); len(all) != 1 || all[0] != (rp.SessionEnd{SessionID: p.SessionID, Channel: rp.ChannelFront}) {
		t.Errorf("told %+v", all)
	}
	if rec := (&resource{}).call(w.app.Bearer(http.HandlerFunc(show)), "Bearer "+p.Token); rec.Code != http.StatusUnauthorized {
		t.Errorf("its token: %d", rec.Code)
	}
}
