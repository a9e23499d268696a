package signin

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
)

// A device cookie that somebody planted or saw before the sign-in opens nothing after it (session fixation): with it alone
// the accounts that are signed in in the browser could be chosen elsewhere. What the browser has under way goes on.
func TestDeviceCookieFromBeforeTheSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(email)
		b := w.browser()
		b.get("/begin")
		otherTab := b.flow()
		u, err := url.Parse(w.server.URL)
		w.must(err)
		before := b.http.Jar.Cookies(u)
		b.passed("", email).want(200, "decision")

		jar, err := cookiejar.New(nil)
		w.must(err)
		jar.SetCookies(u, before)
		elsewhere := &browser{world: w, http: &http.Client{Jar: jar}}
		elsewhere.get("/begin").want(200, "email")
		elsewhere.get(elsewhere.flow()+"/choose").want(200, "email") // nobody to choose
		elsewhere.get(otherTab).want(400, "")

		b.get(otherTab).want(200, "decision")
		b.get(otherTab+"/choose").want(200, "account")
	})
}
