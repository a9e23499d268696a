package page

import (
	"net/http"
	"net/url"
	"strings"
)

// policy is what one page needs beyond the policy of all pages. Each is a URL;
// its origin is added.
type policy struct {
	away   bool // the page leads to another site by itself
	form   string
	frames []string
	images []string
}

// writeHeaders sets the headers of every page.
func writeHeaders(h http.Header, brand Brand, p policy) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	// RFC 6749 5.1 asks it of tokens; pages hold codes, addresses and secrets too.
	h.Set("Cache-Control", "no-store")
	// The next site must not learn which page, flow or client the person came from. A
	// page with forms of our own still tells ourselves: under no-referrer a browser
	// posts them with "Origin: null" (Fetch, "append a request Origin header"), and one
	// too old for Sec-Fetch-Site would be refused as cross-origin.
	h.Set("Referrer-Policy", "same-origin")
	if p.away {
		h.Set("Referrer-Policy", "no-referrer")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	// RFC 6749 10.13, clickjacking; for browsers that do not know frame-ancestors.
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", contentPolicy(brand, p))
	h.Add("Vary", "Accept-Language")
}

// contentPolicy allows nothing inline and nothing foreign but what the page names.
func contentPolicy(brand Brand, p policy) string {
	style := appendOrigins([]string{"'self'"}, brand.StylesheetURL)
	image := appendOrigins([]string{"'self'", "data:"}, append([]string{brand.LogoURL}, p.images...)...)
	form := []string{"'self'"}
	if p.form != "" {
		form = appendOrigins(nil, p.form)
		// Chromium applies form-action to every redirect that follows a post. A client that
		// takes the response and redirects to another origin of its own would be
		// stopped, and the person's click would do nothing: so the schemes are open.
		form = append(form, "https:")
		if strings.HasPrefix(strings.ToLower(p.form), "http:") {
			form = append(form, "http:")
		}
	}
	directives := []string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src " + strings.Join(style, " "),
		"img-src " + strings.Join(image, " "),
		"connect-src 'self'",
		"form-action " + strings.Join(form, " "),
	}
	if frames := appendOrigins(nil, p.frames...); len(frames) > 0 {
		directives = append(directives, "frame-src "+strings.Join(frames, " "))
	}
	directives = append(directives, "base-uri 'none'", "frame-ancestors 'none'")
	return strings.Join(directives, "; ")
}

// appendOrigins adds the origins of the absolute URLs, each once.
func appendOrigins(list []string, urls ...string) []string {
	for _, u := range urls {
		o := origin(u)
		if o == "" {
			continue
		}
		known := false
		for _, l := range list {
			known = known || l == o
		}
		if !known {
			list = append(list, o)
		}
	}
	return list
}

// origin returns scheme, host and port of an http or https URL and nothing for
// all else. A client's metadata ends up in a header here, so that a host with a
// character that means something in a policy is dropped.
func origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	for _, c := range u.Host {
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune(".-:[]_", c)
		if !ok {
			return ""
		}
	}
	return u.Scheme + "://" + u.Host
}
