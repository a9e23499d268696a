package demo_test

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/rp/demo"
	"github.com/curfew-id/curfew/rp/rptest"
)

type site struct {
	*testing.T
	provider *rptest.Provider
	demo     *demo.Demo
	url      string
	browser  *http.Client
}

func newSite(t *testing.T) *site {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	s := &site{T: t, provider: rptest.Start(t, now)}
	s.provider.Secret["demo"] = "secret"
	srv := httptest.NewUnstartedServer(nil)
	s.url = "http://" + srv.Listener.Addr().String()
	h, err := demo.New(context.Background(), demo.Config{
		Issuer: s.provider.Issuer, ClientID: "demo", ClientSecret: "secret", SPAClientID: "demo-spa", BaseURL: s.url, Now: now,
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	s.demo = h
	srv.Config.Handler = h
	srv.Start()
	t.Cleanup(srv.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.browser = &http.Client{Jar: jar}
	return s
}

func (s *site) do(method, path string, form url.Values, header ...string) (*http.Response, string) {
	s.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.browser.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return res, string(body)
}

func (s *site) want(body string, parts ...string) {
	s.Helper()
	for _, p := range parts {
		if !strings.Contains(body, p) {
			s.Errorf("the page does not say %q:\n%s", p, body)
		}
	}
}

func TestPages(t *testing.T) {
	s := newSite(t)
	_, body := s.do("GET", "/", nil)
	s.want(body, `href="/auth/login">Sign in with curfew</a>`)
	s.provider.Tamper.IDToken = func(c map[string]any) { c["act"] = map[string]any{"sub": "usr_admin"} }
	s.provider.Tamper.Userinfo = func(c map[string]any) { c["name"] = "<b>Ada</b>" }
	res, body := s.do("GET", "/auth/login", nil)
	if res.StatusCode != http.StatusOK || res.Request.URL.Path != "/" {
		t.Fatalf("after signing in: %d at %s", res.StatusCode, res.Request.URL)
	}
	s.want(body, "&lt;b&gt;Ada&lt;/b&gt;", "user@example.com", "usr_01", "ses_", "usr_admin", `data-seconds>60<`, "12:01:00", `action="/auth/logout"`)
	if n := strings.Count(body, `class="tick`); n != 60 {
		t.Errorf("%d ticks", n)
	}
	_, body = s.do("GET", "/spa", nil)
	s.want(body, `data-client-id="demo-spa"`, `data-issuer="`+s.provider.Issuer+`"`, `data-redirect-uri="`+demo.SPARedirectURI(s.url)+`"`)
	if res, _ := s.do("GET", "/nowhere", nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("/nowhere: %d", res.StatusCode)
	}
	if res, body := s.do("GET", "/auth/callback?error=access_denied&state=x", nil); res.StatusCode != 400 || strings.Contains(body, "access_denied") {
		t.Errorf("a callback out of nowhere: %d %s", res.StatusCode, body)
	}
}

func TestCalls(t *testing.T) {
	s := newSite(t)
	if res, _ := s.do("POST", "/call", url.Values{"what": {"api"}}); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("signed out: %d", res.StatusCode)
	}
	s.do("GET", "/auth/login", nil)
	_, body := s.do("POST", "/call", url.Values{"what": {"api"}}) // without JavaScript
	s.want(body, "GET /api/whoami", "200", "&#34;subject&#34;: &#34;usr_01&#34;", "What curfew says about you")
	for what, want := range map[string]string{"api": `"seconds_left": 60`, "userinfo": `"email": "user@example.com"`} {
		var res struct {
			Status int
			Body   string
		}
		_, body := s.do("POST", "/call", url.Values{"what": {what}}, "Accept", "application/json")
		if err := json.Unmarshal([]byte(body), &res); err != nil || res.Status != 200 || !strings.Contains(res.Body, want) {
			t.Errorf("%s: %v %s", what, err, body)
		}
	}
	if res, _ := s.do("POST", "/call", nil, "Sec-Fetch-Site", "cross-site"); res.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", res.StatusCode)
	}
	if res, _ := s.do("GET", "/api/whoami", nil); res.StatusCode != 401 || res.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("without a token: %d", res.StatusCode)
	}
	spa := s.provider.AccessToken("demo-spa", nil)
	if res, _ := s.do("GET", "/api/whoami", nil, "Authorization", "Bearer "+spa); res.StatusCode != 200 {
		t.Errorf("the browser app's token: %d", res.StatusCode)
	}
	other := s.provider.AccessToken("other", nil)
	if res, _ := s.do("GET", "/api/whoami", nil, "Authorization", "Bearer "+other); res.StatusCode != 401 {
		t.Errorf("another client's token: %d", res.StatusCode)
	}
}

func TestLife(t *testing.T) {
	s := newSite(t)
	if res, body := s.do("GET", "/life", nil, "Accept", "application/json"); res.StatusCode != 401 || !strings.Contains(body, "sign_in_required") {
		t.Errorf("signed out: %d %s", res.StatusCode, body)
	}
	s.do("GET", "/auth/login", nil)
	_, body := s.do("GET", "/life", nil, "Accept", "application/json")
	s.want(body, `"left_ms":60000`, `"life_ms":60000`, `"next_ms":40000`)
}

var asset = regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`)

// TestPolicy: nothing inline anywhere, and every asset that a page names is there.
func TestPolicy(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/", "/spa", "/nowhere"} {
		res, body := s.do("GET", path, nil)
		csp := res.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if talks := strings.Contains(csp, s.provider.Issuer); talks != (path == "/spa") {
			t.Errorf("%s: policy %q", path, csp)
		}
		found := asset.FindAllStringSubmatch(body, -1)
		if len(found) < 2 {
			t.Errorf("%s names %d assets", path, len(found))
		}
		for _, m := range found {
			if res, _ := s.do("GET", m[1], nil); res.StatusCode != 200 || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
				t.Errorf("%s: %d", m[1], res.StatusCode)
			}
		}
	}
	inline := regexp.MustCompile(`<style|style="|<script(?:>| [^>]*[^>]>[^<])|\son[a-z]+="|javascript:`)
	err := fs.WalkDir(os.DirFS("template"), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile("template/" + name)
		if m := inline.Find(b); m != nil {
			t.Errorf("%s has %q inline", name, m)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLocalhostIsTheSameHost(t *testing.T) {
	s := newSite(t)
	s.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, _ := http.NewRequest("GET", s.url+"/spa", nil)
	req.Host = "localhost:" + req.URL.Port()
	res, err := s.browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.Header.Get("Location") != s.url+"/spa" {
		t.Errorf("%d %s", res.StatusCode, res.Header.Get("Location"))
	}
}
