package httpx

import (
	"net/http"
	"net/netip"
	"strings"
)

// Forwarding headers that a Proxies can read. It reads one of them only: a proxy overwrites or extends the one it
// knows and passes the other through as the client sent it.
const (
	XForwardedFor = "X-Forwarded-For"
	Forwarded     = "Forwarded" // RFC 7239
)

const maxHops = 16

// Proxies are the reverse proxies whose word about the client's address is taken. A nil *Proxies trusts none.
type Proxies struct {
	trusted []netip.Prefix
	header  string
}

// NewProxies trusts the given networks. header is XForwardedFor (also if empty) or Forwarded.
func NewProxies(trusted []netip.Prefix, header string) *Proxies {
	if header == "" {
		header = XForwardedFor
	}
	return &Proxies{trusted, http.CanonicalHeaderKey(header)}
}

// Trusted reports whether the connection itself comes from a listed proxy.
func (p *Proxies) Trusted(r *http.Request) bool {
	return p != nil && contains(p.trusted, remote(r))
}

// Addr returns the client's address: the rightmost one in the chain that is not a listed proxy's. What stands left of
// it was written by strangers. It is invalid only if the connection has no IP address.
func (p *Proxies) Addr(r *http.Request) netip.Addr {
	addr := remote(r)
	if p == nil || len(p.trusted) == 0 || !contains(p.trusted, addr) {
		return addr
	}
	// Several header lines are one list (RFC 9110 5.3); it is read from its end.
	lines := r.Header[p.header]
	hops := 0
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; hops++ {
			var hop string
			rest, hop, more = cutLast(rest)
			next, ok := p.hop(hop)
			if !ok || hops == maxHops {
				return addr // a proxy of ours passed on what is no address: it is the last we know
			}
			if addr = next; !contains(p.trusted, addr) {
				return addr
			}
		}
	}
	return addr
}

func (p *Proxies) hop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if p.header == Forwarded {
		var ok bool
		if s, ok = forwardedFor(s); !ok {
			return netip.Addr{}, false
		}
	}
	return parseNode(s)
}

// forwardedFor returns the for parameter of one forwarded-element (RFC 7239 4).
func forwardedFor(element string) (string, bool) {
	for param := range strings.SplitSeq(element, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(param), "=")
		if ok && strings.EqualFold(name, "for") {
			return strings.Trim(value, `"`), true
		}
	}
	return "", false
}

// parseNode reads an address with or without a port: 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1],
// [2001:db8::1]:80. "unknown" and obfuscated names (RFC 7239 6.3) are not addresses.
func parseNode(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")); err == nil {
		return a.WithZone("").Unmap(), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().WithZone("").Unmap(), true
	}
	return netip.Addr{}, false
}

func cutLast(list string) (before, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

func remote(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().WithZone("").Unmap()
}
