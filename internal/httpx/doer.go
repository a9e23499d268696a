package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

var (
	// ErrRefused is returned for a request that may not leave: another scheme than http and https, credentials in
	// the URL, or a host without an address that may be dialled.
	ErrRefused = errors.New("outgoing request refused")
	// ErrAnswerTooLarge is returned while reading an answer that is longer than Options.MaxBody.
	ErrAnswerTooLarge = errors.New("answer is too large")
)

// Doer sends an outgoing HTTP request. *http.Client is one, but only NewDoer's may be used for addresses that somebody
// else chose.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Resolver finds the addresses of a host name; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Options of NewDoer; the zero value is the strictest.
type Options struct {
	AllowPrivate []netip.Prefix // networks that may be dialled though they are not public
	Timeout      time.Duration  // from connecting to the last byte read; 0 means 5 s
	MaxBody      int64          // bytes of an answer's body; 0 means 64 KiB
	UserAgent    string         // sent where the request names none; "" means curfew
	Resolver     Resolver       // nil: the system's
	RootCAs      *x509.CertPool // nil: the system's
}

const (
	defaultTimeout = 5 * time.Second
	defaultMaxBody = 64 << 10
	maxAddresses   = 4 // of one host; more only make a slow failure slower
)

type doer struct {
	client http.Client
	opt    Options
	dialer net.Dialer
}

// NewDoer returns the outgoing HTTP client. Requests go only to addresses that were checked: the name is resolved
// once, each address judged, and the judged address itself dialled, so that a second DNS answer cannot lead elsewhere
// (DNS rebinding). It follows no redirects (a caller sees the 3xx), uses no proxy, keeps no cookies.
func NewDoer(o Options) Doer {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.UserAgent == "" {
		o.UserAgent = "curfew"
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	d := &doer{opt: o}
	d.dialer.Control = d.control
	d.client = http.Client{
		Timeout: o.Timeout,
		// A redirect would be a second address that nobody registered.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil, // HTTP_PROXY would take the choice of the address out of our hands
			DialContext:            d.dial,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // no answer may grow after it was counted
			MaxResponseHeaderBytes: 16 << 10,
			MaxIdleConns:           256,
			MaxIdleConnsPerHost:    8,
			IdleConnTimeout:        30 * time.Second,
			TLSHandshakeTimeout:    o.Timeout,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		},
	}
	return d
}

// Do sends the request. It returns an error that wraps ErrRefused if it may not leave.
func (d *doer) Do(req *http.Request) (*http.Response, error) {
	if err := check(req); err != nil {
		return nil, err
	}
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		if req.Header == nil {
			req.Header = http.Header{}
		}
		req.Header.Set("User-Agent", d.opt.UserAgent)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.ContentLength > d.opt.MaxBody {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%w: %d bytes", ErrAnswerTooLarge, resp.ContentLength)
	}
	resp.Body = &limitedBody{ReadCloser: resp.Body, left: d.opt.MaxBody}
	return resp, nil
}

func check(req *http.Request) error {
	u := req.URL
	switch {
	case u == nil || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: only http and https leave", ErrRefused)
	case u.User != nil:
		return fmt.Errorf("%w: credentials in the URL", ErrRefused)
	case u.Hostname() == "":
		return fmt.Errorf("%w: no host", ErrRefused)
	}
	return nil
}

// dial resolves, judges and dials. The addresses of a host are tried in turn, each for its share of the time.
func (d *doer) dial(ctx context.Context, network, hostport string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrRefused, err)
	}
	addrs, err := d.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	dialer := d.dialer
	dialer.Timeout = d.opt.Timeout / time.Duration(len(addrs))
	var failed error
	for _, a := range addrs {
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil, failed
}

// resolve returns the addresses of host that may be dialled, at least one. Addresses that may not are left out: behind
// NAT64 every public host has one of them as well.
func (d *doer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		// ::ffff:127.0.0.1 is a second way to write an IPv4 address; a URL has no need of it.
		if a.Is4In6() || !d.allowed(a) {
			return nil, fmt.Errorf("%w: %s is not a public address", ErrRefused, host)
		}
		return []netip.Addr{a}, nil
	}
	if numeric(host) {
		return nil, fmt.Errorf("%w: %s is neither a name nor an address", ErrRefused, host)
	}
	found, err := d.opt.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	var addrs []netip.Addr
	for _, a := range found {
		// The system's resolver gives IPv4 addresses in the mapped form; what is dialled is the IPv4 address.
		if a = a.Unmap(); d.allowed(a) && len(addrs) < maxAddresses {
			addrs = append(addrs, a)
		}
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("%w: %s has no public address", ErrRefused, host)
	}
	return addrs, nil
}

func (d *doer) allowed(a netip.Addr) bool {
	return a.IsValid() && a.Zone() == "" && (Public(a) || contains(d.opt.AllowPrivate, a))
}

// control judges once more what the kernel is about to connect to, whatever led there.
func (d *doer) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !d.allowed(ap.Addr().Unmap()) {
		return fmt.Errorf("%w: %s is not a public address", ErrRefused, address)
	}
	return nil
}

// numeric reports whether host ends in a number: 2130706433, 0x7f.1 and 127.1 are addresses to some resolvers
// (inet_aton), and never names (URL Standard, "ends in a number").
func numeric(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" {
		return true
	}
	hex, isHex := strings.CutPrefix(strings.ToLower(last), "0x")
	if isHex {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// limitedBody fails where io.LimitReader would end quietly, so that half an answer is never taken for a whole one.
type limitedBody struct {
	io.ReadCloser
	left int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrAnswerTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, ErrAnswerTooLarge // n-1: left went to -1, one byte too many was read to know
	}
	return n, err
}
