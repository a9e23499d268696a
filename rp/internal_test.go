package rp

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestLocalPath(t *testing.T) {
	for raw, want := range map[string]string{
		"/": "/", "/a/b?c=d&e=%2F%2Fx": "/a/b?c=d&e=%2F%2Fx", "/a//b": "/a//b", "/a?u=https://x": "/a?u=https://x",
		"": "/", "a": "/", "//evil.example.com": "/", "///evil.example.com": "/", `/\evil.example.com`: "/", `/a\b`: "/",
		"https://evil.example.com": "/", "javascript:alert(1)": "/", "/\t/evil.example.com": "/", "/a\nb": "/", "/%zz": "/",
		"/" + strings.Repeat("a", 2000): "/",
	} {
		if got := localPath(raw); got != want {
			t.Errorf("localPath(%q) = %q, want %q", raw, got, want)
		}
	}
}

// FuzzLocalPath: whatever comes in, a browser that resolves what comes out stays on the site.
func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/", "//x", `/\x`, "/a?b#c", "/\x00", "/..//x", "http://x/", "/%2f%2fx"} {
		f.Add(s)
	}
	base := &url.URL{Scheme: "https", Host: "shop.example.com", Path: "/auth/callback"}
	f.Fuzz(func(t *testing.T, raw string) {
		got := localPath(raw)
		u, err := base.Parse(got)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || !strings.HasPrefix(got, "/") ||
			strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\t\r\n") {
			t.Errorf("localPath(%q) = %q leads to %v, %v", raw, got, u, err)
		}
	})
}

func TestCookiesOverHTTPS(t *testing.T) {
	u, _ := url.Parse("https://shop.example.com/auth/callback")
	c := newCookies(u, "shop")
	w := httptest.NewRecorder()
	c.set(w, c.session(), "v", 0)
	k := w.Result().Cookies()[0]
	if !strings.HasPrefix(k.Name, "__Host-rp_") || !k.Secure || !k.HttpOnly || k.Path != "/" || k.Domain != "" ||
		k.MaxAge != 0 || k.SameSite != http.SameSiteLaxMode {
		t.Errorf("session cookie %v", k)
	}
	if other := newCookies(u, "other"); other.session() == c.session() {
		t.Error("two applications share a cookie name")
	}
}

func TestSealerRefuses(t *testing.T) {
	s, err := newSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.seal("a", pending{State: "s"})
	if err != nil {
		t.Fatal(err)
	}
	var p pending
	if err := s.open("a", sealed, &p); err != nil || p.State != "s" {
		t.Fatalf("control: %v", err)
	}
	other, _ := newSealer([]byte(strings.Repeat("k", 32)))
	for name, err := range map[string]error{
		"another name": s.open("b", sealed, &p), "another key": other.open("a", sealed, &p),
		"cut": s.open("a", sealed[:len(sealed)-2], &p), "empty": s.open("a", "", &p), "garbage": s.open("a", "%", &p),
	} {
		if err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestOnceSetForgets(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := newOnceSet(2, func() time.Time { return now })
	if !s.take("a", time.Minute) || s.take("a", time.Minute) {
		t.Error("a")
	}
	s.take("b", time.Minute)
	s.take("c", time.Minute)
	if len(s.until) != 2 || len(s.order) != 2 || s.take("c", time.Minute) {
		t.Errorf("not bounded: %v", s.order)
	}
	now = now.Add(time.Minute)
	s.take("d", time.Minute)
	if len(s.until) != 1 {
		t.Errorf("not swept: %v", s.order)
	}
}

func TestMemoryStore(t *testing.T) {
	ctx, m := t.Context(), NewMemoryStore(2)
	for _, id := range []string{"a", "b"} {
		if err := m.Create(ctx, &WebSession{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := m.Get(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	s.Subject = "changed"
	if again, _ := m.Get(ctx, "a"); again.Subject != "" {
		t.Error("Get gives out what the store keeps")
	}
	if err := m.Create(ctx, &WebSession{ID: "c"}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Get(ctx, "b"); !errors.Is(err, ErrNoSession) || m.Len() != 2 {
		t.Errorf("the one unused for longest stayed: %v, %d", err, m.Len())
	}
	if err := m.Update(ctx, &WebSession{ID: "b"}); !errors.Is(err, ErrNoSession) || m.Len() != 2 {
		t.Errorf("Update brought one back: %v", err)
	}
	if err := m.Update(ctx, s); err != nil {
		t.Fatal(err)
	}
	if again, _ := m.Get(ctx, "a"); again.Subject != "changed" {
		t.Error("Update changed nothing")
	}
	for range 2 {
		if err := m.Delete(ctx, "a"); err != nil {
			t.Fatal(err)
		}
	}
	if m.Len() != 1 {
		t.Errorf("%d left", m.Len())
	}
}
