package httpx

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, s := range n[host] {
		out = append(out, netip.MustParseAddr(s))
	}
	if out == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return out, nil
}

func get(t *testing.T, d Doer, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d.Do(req)
}

func TestDoerRefuses(t *testing.T) {
	resolver := names{
		"private.example.com":   {"10.1.2.3"},
		"loop.example.com":      {"127.0.0.1"},
		"mapped.example.com":    {"::ffff:192.168.0.1"},
		"both.example.com":      {"169.254.169.254", "fd00::1", "64:ff9b::a00:1"},
		"localhost":             {"127.0.0.1", "::1"},
		"metadata.example.com.": {"169.254.169.254"},
	}
	for _, url := range []string{
		"http://127.0.0.1/", "http://127.255.255.254/", "http://0.0.0.0/", "http://0.1.2.3/", "http://10.0.0.1/",
		"http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/", "http://169.254.169.254/latest",
		"http://100.64.0.1/", "http://100.127.255.255/", "http://192.0.0.192/", "http://192.0.2.1/",
		"http://198.18.0.1/", "http://198.51.100.1/", "http://203.0.113.1/", "http://192.88.99.1/",
		"http://224.0.0.1/", "http://240.0.0.1/", "http://255.255.255.255/",
		"http://[::]/", "http://[::1]/", "http://[::127.0.0.1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:8.8.8.8]/",
		"http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::1]/", "http://[fe80::1]/",
		"http://[fe80::1%25eth0]/", "http://[fec0::1]/", "http://[fc00::1]/", "http://[fd12:3456::1]/",
		"http://[ff02::1]/", "http://[2001:db8::1]/", "http://[2001::1]/", "http://[2002:7f00:1::]/",
		"http://[3fff::1]/", "http://[100::1]/", "http://[5f00::1]/",
		"http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://127.1/", "http://0177.0.0.1/",
		"http://017700000001/", "http://127.0.0.1./", "http://1.2.3.4.5/", "http://0X7F.0.0.0X1/",
		"http://private.example.com/", "http://loop.example.com/", "http://mapped.example.com/",
		"http://both.example.com/", "http://localhost/", "https://localhost/", "http://metadata.example.com./",
		"ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "unix:///run/x", "//example.com/", "http:///x",
		"http://user:pass@example.com/", "javascript:alert(1)",
	} {
		d := NewDoer(Options{Resolver: resolver, Timeout: time.Second})
		resp, err := get(t, d, url)
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: error %v, want ErrRefused", url, err)
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
	}
}

func TestPublic(t *testing.T) {
	for _, s := range []string{"1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "192.0.1.1",
		"223.255.255.255", "2606:4700::1111", "2a00::1", "2001:4860:4860::8888", "::ffff:8.8.8.8"} {
		if !Public(netip.MustParseAddr(s)) {
			t.Errorf("%s is not public", s)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("the zero address is public")
	}
}

// TestDoerDialsWhatItChecked gives a name a public answer first and loopback afterwards: if anything but the checked
// address were dialled, the local server would see the request.
func TestDoerDialsWhatItChecked(t *testing.T) {
	hit := false
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hit = true }))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	r := &rebinding{answers: []string{"192.0.0.0", "127.0.0.1"}}
	d := NewDoer(Options{Resolver: r, AllowPrivate: prefixes("192.0.0.0/32"), Timeout: 200 * time.Millisecond})
	if resp, err := get(t, d, "http://rebind.example.com:"+port+"/"); err == nil {
		_ = resp.Body.Close()
		t.Error("the request succeeded")
	}
	if hit || r.asked != 1 {
		t.Errorf("hit %v after %d look-ups, want one look-up and no hit", hit, r.asked)
	}
}

type rebinding struct {
	answers []string
	asked   int
}

func (r *rebinding) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	a := netip.MustParseAddr(r.answers[r.asked])
	r.asked++
	return []netip.Addr{a}, nil
}

func TestDoerControlRefuses(t *testing.T) {
	d := NewDoer(Options{}).(*doer)
	for _, addr := range []string{"127.0.0.1:80", "[::1]:80", "[::ffff:10.0.0.1]:80", "/run/socket"} {
		if err := d.control("tcp", addr, nil); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: error %v, want ErrRefused", addr, err)
		}
	}
	if err := d.control("tcp", "1.1.1.1:443", nil); err != nil {
		t.Error(err)
	}
}

func TestDoerReaches(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	var agent string
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) { agent = r.UserAgent(); _, _ = io.WriteString(w, "fine") })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/exact", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 100)) })
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 101)) })
	mux.HandleFunc("/chunked", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 60))
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, strings.Repeat("x", 60))
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	srv := httptest.NewServer(mux)
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	// The refused address comes first: it is left out, not tried.
	resolver := names{"app.example.com": {"10.0.0.1", "::ffff:127.0.0.1"}}
	d := NewDoer(Options{AllowPrivate: Loopback(), Resolver: resolver, MaxBody: 100, Timeout: 500 * time.Millisecond})
	base := "http://app.example.com:" + port

	tests := []struct {
		path   string
		status int
		body   string
		err    error
	}{
		{"/ok", 200, "fine", nil},
		{"/exact", 200, strings.Repeat("x", 100), nil},
		{"/long", 0, "", ErrAnswerTooLarge},
		{"/chunked", 200, "", ErrAnswerTooLarge},
		{"/slow", 0, "", context.DeadlineExceeded},
	}
	for _, tt := range tests {
		resp, err := get(t, d, base+tt.path)
		if err == nil {
			var body []byte
			body, err = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != tt.status || err == nil && string(body) != tt.body {
				t.Errorf("%s: %d %q", tt.path, resp.StatusCode, body)
			}
			if len(body) > 100 {
				t.Errorf("%s: %d bytes were handed out", tt.path, len(body))
			}
		}
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", tt.path, err, tt.err)
		}
	}
	if agent != "curfew" {
		t.Errorf("user agent %q", agent)
	}
	resp, err := get(t, d, base+"/away")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusFound {
		t.Errorf("the redirect was followed: %d", resp.StatusCode)
	}
}

// TestDoerIsNotHeldUp bounds what a receiver can make us read and how long it can make us wait, by the defaults: an answer that
// comes drop by drop, in its header or its body, is over after the time for all of it.
func TestDoerIsNotHeldUp(t *testing.T) {
	if d := NewDoer(Options{}).(*doer); d.opt.Timeout != 5*time.Second || d.client.Timeout != 5*time.Second || d.opt.MaxBody != 64<<10 {
		t.Errorf("by default %s and %d bytes", d.client.Timeout, d.opt.MaxBody)
	}
	drip := func(write func(net.Conn) error) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					for write(c) == nil {
						time.Sleep(10 * time.Millisecond)
					}
				}()
			}
		}()
		return "http://" + l.Addr().String() + "/"
	}
	said := func(s string) func(net.Conn) error {
		return func(c net.Conn) error { _, err := io.WriteString(c, s); return err }
	}
	started := map[net.Conn]bool{}
	var mu sync.Mutex
	body := func(c net.Conn) error {
		mu.Lock()
		begun := started[c]
		started[c] = true
		mu.Unlock()
		if !begun {
			return said("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")(c)
		}
		return said("x")(c)
	}
	for name, url := range map[string]string{"header": drip(said("H")), "headers": drip(said("HTTP/1.1 200 OK\r\nX-A: b\r\n")), "body": drip(body)} {
		began := time.Now()
		resp, err := get(t, NewDoer(Options{AllowPrivate: Loopback(), Timeout: 300 * time.Millisecond}), url)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s: held up for %s", name, took)
		}
	}
	long := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			if _, err := w.Write(make([]byte, 4<<10)); err != nil {
				return
			}
		}
	}))
	defer long.Close()
	resp, err := get(t, NewDoer(Options{AllowPrivate: Loopback()}), long.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); len(b) != 64<<10 || !errors.Is(err, ErrAnswerTooLarge) {
		t.Errorf("%d bytes of a long answer: %v", len(b), err)
	}
}
