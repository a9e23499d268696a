package demo

import (
	"net"
	"net/http"
	"net/url"
)

// guard stands before every page: headers, no forms from other sites, and one name for this host.
func (d *demo) guard(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy(""))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		if d.otherName(r) {
			http.Redirect(w, r, d.cfg.BaseURL+r.URL.RequestURI(), http.StatusFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// policy allows what this demo serves itself, and requests to one more origin.
func policy(connect string) string {
	if connect != "" {
		connect = " " + connect
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'" + connect +
		"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// otherName reports whether a person typed localhost for 127.0.0.1 or the other way round. Cookies would be
// set under one name and the provider would send the browser back to the other.
func (d *demo) otherName(r *http.Request) bool {
	if r.Method != http.MethodGet || r.Host == d.base.Host {
		return false
	}
	asked, err := url.Parse("http://" + r.Host)
	return err == nil && asked.Port() == d.base.Port() && local(asked.Hostname()) && local(d.base.Hostname())
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// origin is the origin of an address, for a policy.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
