package httpx

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProxiesAddr(t *testing.T) {
	tests := []struct {
		name, header, remote string
		lines                []string
		want                 string
	}{
		{"direct", "", "198.51.100.7:999", nil, "198.51.100.7"},
		{"a stranger's header", "", "198.51.100.7:999", []string{"1.1.1.1"}, "198.51.100.7"},
		{"one proxy", "", "10.0.0.1:999", []string{"198.51.100.7"}, "198.51.100.7"},
		{"one proxy, forged on the left", "", "10.0.0.1:999", []string{"1.1.1.1, 198.51.100.7"}, "198.51.100.7"},
		{"two proxies", "", "10.0.0.1:999", []string{"1.1.1.1, 198.51.100.7, 10.0.0.2"}, "198.51.100.7"},
		{"several lines", "", "10.0.0.1:999", []string{"1.1.1.1", "198.51.100.7", "10.0.0.2"}, "198.51.100.7"},
		{"only proxies", "", "10.0.0.1:999", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"no header", "", "10.0.0.1:999", nil, "10.0.0.1"},
		{"garbage at the right", "", "10.0.0.1:999", []string{"198.51.100.7, unknown"}, "10.0.0.1"},
		{"garbage further left", "", "10.0.0.1:999", []string{"what, 10.0.0.2"}, "10.0.0.2"},
		{"empty", "", "10.0.0.1:999", []string{""}, "10.0.0.1"},
		{"with ports", "", "10.0.0.1:999", []string{"198.51.100.7:1234"}, "198.51.100.7"},
		{"IPv6 in brackets", "", "10.0.0.1:999", []string{"[2001:db8::7]:1234"}, "2001:db8::7"},
		{"IPv6 bare", "", "[fd00::1]:999", []string{"2001:db8::7"}, "2001:db8::7"},
		{"mapped remote", "", "[::ffff:10.0.0.1]:999", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"endless chain", "", "10.0.0.1:999", []string{"1.1.1.1," + strings.Repeat("10.0.0.2,", 40) + "10.0.0.2"}, "10.0.0.2"},
		{"Forwarded is not read", "", "10.0.0.1:999", nil, "10.0.0.1"},
		{"Forwarded", Forwarded, "10.0.0.1:999", []string{`for=1.1.1.1, For="198.51.100.7:80";proto=https;by=10.0.0.1`}, "198.51.100.7"},
		{"Forwarded IPv6", Forwarded, "10.0.0.1:999", []string{`proto=https; for="[2001:db8::7]:80"`}, "2001:db8::7"},
		{"Forwarded obfuscated", Forwarded, "10.0.0.1:999", []string{`for=198.51.100.7, for=_hidden`}, "10.0.0.1"},
		{"Forwarded without for", Forwarded, "10.0.0.1:999", []string{`proto=https`}, "10.0.0.1"},
		{"no address", "", "@", nil, "invalid IP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := NewProxies(prefixes("10.0.0.0/8", "fd00::/8"), tt.header)
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = tt.remote
			r.Header[p.header] = tt.lines
			if p.header == XForwardedFor { // the other header is a stranger's
				r.Header.Set("Forwarded", "for=9.9.9.9")
			} else {
				r.Header.Set("X-Forwarded-For", "9.9.9.9")
			}
			if got := p.Addr(r).String(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestNilProxiesTrustNobody(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("X-Forwarded-For", "1.1.1.1")
	var p *Proxies
	if p.Trusted(r) || p.Addr(r).String() != "127.0.0.1" {
		t.Errorf("trusted %v, address %s", p.Trusted(r), p.Addr(r))
	}
}
