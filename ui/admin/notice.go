package admin

import (
	"net/http"
	"slices"

	"github.com/curfew-id/curfew/ui/page"
)

// A notice crosses the redirect behind a POST in a cookie. In the URL anybody could make us say that something was done.

const noticeSeconds = 60

func (h *Handlers) noticeCookie(value string, seconds int) *http.Cookie {
	name := "curfew_console"
	if h.secure {
		name = "__Host-" + name // RFC 6265bis 4.1.3.2
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: h.secure, HttpOnly: true,
		SameSite: http.SameSiteLaxMode}
}

// done goes to a page that says key.
func (v *visit) done(path string, key page.Key) error {
	http.SetCookie(v.w, v.h.noticeCookie(string(key), noticeSeconds))
	return v.goTo(path)
}

// takeNotice returns what the page before had to say, once.
func (h *Handlers) takeNotice(w http.ResponseWriter, r *http.Request) page.Message {
	if r.Method != http.MethodGet || r.URL.Query().Get(looking) != "" {
		return page.Message{}
	}
	list := r.CookiesNamed(h.noticeCookie("", 0).Name)
	if len(list) == 0 {
		return page.Message{}
	}
	http.SetCookie(w, h.noticeCookie("", -1))
	if key := page.Key(list[0].Value); len(list) == 1 && slices.Contains(page.ConsoleNotices(), key) {
		return page.Msg(key)
	}
	return page.Message{}
}
