package client

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
)

// MatchRedirect tells whether uri is one that the client registered: by simple string comparison (RFC 9700 4.1.3, OpenID
// Connect Core 3.1.2.1), no patterns, no normalising, no second unescaping. The one exception is the port of a native
// app on a loopback address, which it cannot know before (RFC 8252 7.3).
func (c *Client) MatchRedirect(uri string) bool {
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	if c.ApplicationType != "native" {
		return false
	}
	asked, ok := withoutLoopbackPort(uri)
	if !ok {
		return false
	}
	return slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		r, ok := withoutLoopbackPort(registered)
		return ok && r == asked
	})
}

// MatchPostLogout tells whether uri is registered as a place to go after signing out (RP-Initiated Logout 2).
func (c *Client) MatchPostLogout(uri string) bool {
	return slices.Contains(c.PostLogoutRedirectURIs, uri)
}

// withoutLoopbackPort cuts the port out of an http URI on a literal loopback address; the name "localhost" does not count
// (RFC 8252 8.3). The rest stays as it was written.
func withoutLoopbackPort(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Opaque != "" {
		return "", false
	}
	host, _, err := net.SplitHostPort(u.Host)
	if err != nil {
		host = u.Hostname()
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return "", false
	}
	prefix := "http://" + u.Host
	if len(uri) < len(prefix) || uri[:len(prefix)] != prefix {
		return "", false
	}
	return "http://" + host + uri[len(prefix):], true
}

// origin is scheme and authority of an http or https URI, empty for any other.
func origin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
