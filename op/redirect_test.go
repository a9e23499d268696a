package op_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/op/client"
)

// RFC 9700 4.1.3, 4.11; RFC 6749 4.1.2.1: an address that is not registered gets no redirect at all.
func TestAuthorizeNeverRedirectsToAnUnregisteredAddress(t *testing.T) {
	k := light(t)
	k.register("query", client.Metadata{SkipConsent: true, RedirectURIs: []string{"https://rp.example.com/cb?tenant=a%2Fb"}})
	b := k.signedIn(k.person("user@example.com"))
	refuse := func(clientID, uri string) {
		t.Helper()
		q := with(k.request(clientID), "redirect_uri", uri)
		// Whatever else is wrong: the address is looked at first.
		for _, more := range [][]string{nil, {"response_type", "token"}, {"prompt", "none login"}, {"scope", "nothing"}, {"request", "x"}} {
			a := b.get("/oauth/authorize?" + with(q, more...).Encode())
			if a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" || !strings.HasPrefix(a.body, "error\n") {
				t.Errorf("%s %q %v: %d %s", clientID, uri, more, a.StatusCode, a.Header.Get("Location"))
			}
			if uri != "" && strings.Contains(a.body, uri) {
				t.Errorf("%q is echoed: %s", uri, a.body)
			}
		}
	}
	for _, uri := range []string{"", "https://rp.example.com/cb/", "https://rp.example.com/cb?", "https://rp.example.com/cb?x=1",
		"https://rp.example.com/cb#", "https://rp.example.com/cb#f", "https://rp.example.com/CB", "https://RP.example.com/cb",
		"HTTPS://rp.example.com/cb", "http://rp.example.com/cb", "https://rp.example.com:443/cb", "https://rp.example.com./cb",
		"https://rp.example.com/cb/../cb", "https://rp.example.com/./cb", "https://rp.example.com//cb", "https://rp.example.com/%63b",
		"https%3A%2F%2Frp.example.com%2Fcb", "https://rp.example.com/cb%00", "https://rp.example.com/cb%2F", "https://rp.example.com/c",
		"https://rp.example.com", "https://rp.example.com/*", "https://*.example.com/cb", "https://user@rp.example.com/cb",
		"https://rp.example.com@evil.example.com/cb", "https://evil.example.com/https://rp.example.com/cb",
		"https://rp.example.com\\@evil.example.com/cb", " https://rp.example.com/cb", "https://rp.example.com/cb ",
		"https://rp.example.com/cb\r\nX: y", "//rp.example.com/cb", "/cb", "rp.example.com/cb", "javascript:alert(1)", "data:text/html,x",
		"https://rp.exämple.com/cb", "https://rp.example.com/ｃｂ", "https://rр.example.com/cb", "http://127.0.0.1/cb"} {
		refuse("web", uri)
	}
	refuse("web", "https://spa.example.com/cb") // another client's
	// Unescaped a second time this would be the registered one, and the other way about.
	refuse("query", "https://rp.example.com/cb?tenant=a/b")
	refuse("query", "https://rp.example.com/cb?tenant=a%252Fb")
	refuse("query", "https://rp.example.com/cb")

	// RFC 6749 3.1.2: a query that is there is kept.
	a := b.authorize("query")
	if got := a.Header.Get("Location"); !strings.HasPrefix(got, "https://rp.example.com/cb?tenant=a%2Fb&code=") {
		t.Errorf("redirected to %q", got)
	}
}

// RFC 8252 7.3: only for native applications, only on literal loopback addresses, only the port.
func TestLoopbackPortIsFreeForNativeApplicationsOnly(t *testing.T) {
	registered := []string{"http://127.0.0.1/cb", "http://127.0.0.1:9000/with", "http://[::1]/cb", "http://localhost/cb", "com.example.app:/cb"}
	native := &client.Client{Metadata: client.Metadata{ApplicationType: "native", RedirectURIs: registered}}
	web := &client.Client{Metadata: client.Metadata{RedirectURIs: registered}}
	for uri, want := range map[string]bool{
		"http://127.0.0.1:51004/cb": true, "http://127.0.0.1:1/with": true, "http://127.0.0.1/with": true, "http://[::1]:51004/cb": true,
		"http://localhost:51004/cb": false, "http://127.0.0.2:51004/cb": false, "https://127.0.0.1:51004/cb": false,
		"http://127.0.0.1:51004/cb/": false, "http://127.0.0.1:51004/cb?x": false, "http://127.0.0.1:51004/cb#": false,
		"http://127.0.0.1:51004/CB": false, "http://u@127.0.0.1:51004/cb": false, "http://127.0.0.1.example.com:51004/cb": false,
		"http://127.0.0.1:51004:80/cb": false, "http://127.0.0.1:x/cb": false, "HTTP://127.0.0.1:51004/cb": false,
		"http://127.1:51004/cb": false, "http://0177.0.0.1:51004/cb": false, "http://[::ffff:127.0.0.1]:51004/cb": false,
		"http://127.0.0.1:51004/%63b": false, "com.example.app:/cb/": false, "com.example.app://cb": false, "http://[0:0::1]:5/cb": false,
	} {
		if native.MatchRedirect(uri) != want {
			t.Errorf("native, %q: %v", uri, !want)
		}
		if web.MatchRedirect(uri) {
			t.Errorf("web, %q: true", uri)
		}
	}
	for _, uri := range registered {
		if !native.MatchRedirect(uri) || !web.MatchRedirect(uri) {
			t.Errorf("registered %q is refused", uri)
		}
	}
}

func TestNativeApplicationGetsItsCodeOnItsPort(t *testing.T) {
	k := light(t)
	k.register("native", client.Metadata{SkipConsent: true, ApplicationType: "native", TokenEndpointAuthMethod: client.AuthNone,
		RedirectURIs: []string{"http://127.0.0.1/cb"}})
	b := k.signedIn(k.person("user@example.com"))
	uri := "http://127.0.0.1:51004/cb"
	code := b.code("native", "redirect_uri", uri)
	k.redeem("native", code, "redirect_uri", "http://127.0.0.1:51005/cb").wantError(t, 400, "invalid_grant")
	k.redeem("native", code, "redirect_uri", uri).tokens(t)
}

// FuzzRedirect: whatever matches is byte for byte a registered one, or differs from one in the port of a loopback address
// alone.
func FuzzRedirect(f *testing.F) {
	registered := []string{"https://rp.example.com/cb", "https://rp.example.com/cb?tenant=a%2Fb", "http://127.0.0.1:80/cb",
		"http://[::1]/cb", "com.example.app:/cb"}
	for _, s := range append(registered, "http://127.0.0.1:51004/cb", "http://[::1]:1/cb", "http://127.0.0.1:/cb", "http://u@127.0.0.1:5/cb",
		"http://127.0.0.1:5/cb#", "https://rp.example.com:1/cb", "http://[::1]evil:5/cb", "http://[::1]:5:6/cb", "http://[::1%25lo]:5/cb") {
		f.Add(s)
	}
	c := &client.Client{Metadata: client.Metadata{RedirectURIs: registered}}
	native := &client.Client{Metadata: client.Metadata{ApplicationType: "native", RedirectURIs: registered}}
	f.Fuzz(func(t *testing.T, uri string) {
		equal := false
		for _, r := range registered {
			equal = equal || r == uri
		}
		if c.MatchRedirect(uri) != equal {
			t.Fatalf("%q", uri)
		}
		if !native.MatchRedirect(uri) || equal {
			return
		}
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatalf("%q matches and is no URL: %v", uri, err)
		}
		for _, host := range []string{"127.0.0.1", "[::1]"} {
			if rest, ok := strings.CutPrefix(uri, "http://"+host); ok {
				if port := u.Port(); rest == "/cb" || rest == ":"+port+"/cb" && strings.Trim(port, "0123456789") == "" {
					return
				}
			}
		}
		t.Fatalf("%q matches", uri)
	})
}
