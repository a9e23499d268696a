package account

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/curfew-id/curfew/ui/page"
)

// A notice crosses the redirect behind a POST in a cookie. In the URL anybody could make us say to a person that their
// password was changed.

// notices are those that may cross.
var notices = []page.Key{page.ProfileSaved, page.EmailVerified, page.PasswordChanged, page.TOTPAdded, page.PhoneAdded,
	page.EmailCodeOn, page.FactorRemoved, page.AppWithdrawn, page.SessionEndedHere, page.OthersEnded}

const noticeSeconds = 60

func (h *Handlers) noticeCookie(value string, seconds int) *http.Cookie {
	name := "curfew_notice"
	if h.secure {
		name = "__Host-" + name // RFC 6265bis 4.1.3.2
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: h.secure, HttpOnly: true,
		SameSite: http.SameSiteLaxMode}
}

// done goes to a page that says key.
func (h *Handlers) done(v *visit, path string, key page.Key, arg string) error {
	value := string(key)
	if arg != "" {
		value += "/" + url.QueryEscape(arg)
	}
	http.SetCookie(v.w, h.noticeCookie(value, noticeSeconds))
	return v.goTo(path)
}

// takeNotice returns what the page before had to say, once.
func (h *Handlers) takeNotice(w http.ResponseWriter, r *http.Request) page.Message {
	if r.Method != http.MethodGet {
		return page.Message{}
	}
	list := r.CookiesNamed(h.noticeCookie("", 0).Name)
	if len(list) == 0 {
		return page.Message{}
	}
	http.SetCookie(w, h.noticeCookie("", -1))
	name, arg, _ := strings.Cut(list[0].Value, "/")
	for _, key := range notices {
		if string(key) != name || len(list) > 1 {
			continue
		}
		if key != page.AppWithdrawn {
			return page.Msg(key)
		}
		clientID, err := url.QueryUnescape(arg)
		if err != nil {
			break
		}
		if c, err := h.Clients.Get(r.Context(), clientID); err == nil { // its name is what is shown
			return page.Msg(key, c.Name())
		}
	}
	return page.Message{}
}
