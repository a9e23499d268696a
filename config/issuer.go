package config

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// checkIssuer accepts exactly one spelling. Relying parties compare the issuer as text (OpenID Connect Discovery 4.3,
// RFC 9207 2.4), so a second spelling would be a second issuer.
func checkIssuer(s string) error {
	if s == "" {
		return errors.New("missing; set it to the address people reach curfew under, such as https://id.example.com")
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("is not a URL such as https://id.example.com")
	}
	switch {
	case u.User != nil:
		return errors.New("must not hold credentials")
	case u.RawQuery != "" || u.ForceQuery: // RFC 8414 2
		return errors.New("must have no query")
	case u.Fragment != "" || strings.Contains(s, "#"):
		return errors.New("must have no fragment")
	case u.Path == "/":
		return errors.New("must not end in a slash")
	case u.Path != "":
		// Cookies with the __Host- prefix belong to a whole host (RFC 6265bis 4.1.3.2): whatever else lived there
		// would get them.
		return errors.New("must have no path; give curfew a host name of its own")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return errors.New("must be https; http is accepted for localhost only")
	case strings.HasSuffix(u.Hostname(), "."):
		return errors.New("must not end in a dot")
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("must be ASCII; an international host name begins with xn--")
	case u.Scheme+"://"+strings.ToLower(u.Host) != s:
		return errors.New("must be in lower case")
	case u.Port() == "" && strings.HasSuffix(u.Host, ":"), u.Scheme == "https" && u.Port() == "443",
		u.Scheme == "http" && u.Port() == "80":
		return errors.New("must not name the scheme's own port")
	}
	return nil
}

// loopback reports whether the host is this machine: by RFC 6761 6.3, every name under localhost is.
func loopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	host = strings.ToLower(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
