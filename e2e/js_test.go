package e2e

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/curfew-id/curfew/e2e/browser"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// The journey of the module: in, back, and out again, with an address that keeps nothing of it.
func TestJSSignInAndOut(t *testing.T) {
	t.Parallel()
	a := startBrowserApp(t)
	p := browser.New(t, browser.Options{})
	a.signIn(p)
	if got := p.URL(); got != a.url {
		t.Errorf("the address is %s", got)
	}
	if !browser.Eval[bool](p, "redirected.signedIn && redirected.appState.from === 'the test' && redirected.user.sub === curfew.user.sub") {
		t.Error("handleRedirect does not tell of the sign-in")
	}
	if got := browser.Eval[string](p, "curfew.userinfo().then((c) => c.email)"); got != theUser {
		t.Errorf("userinfo is of %s", got)
	}
	if got := browser.Eval[string](p, "JSON.stringify([localStorage, sessionStorage])"); got != "[{},{}]" {
		t.Errorf("there is left: %s", got)
	}
	p.Go(a.url) // a reload keeps the session
	a.in(p)
	if browser.Eval[bool](p, "redirected.signedIn") {
		t.Error("a reload is told as a sign-in")
	}

	other := a.tab(p)
	p.Click("#sign-out")
	p.WaitURL(a.url)
	p.WaitText("signed_out nobody")
	if got := p.URL(); got != a.url || !browser.Eval[bool](p, "redirected.signedOut") {
		t.Errorf("back at %s, told of a sign-out: %v", got, !browser.Eval[bool](p, "redirected.signedOut"))
	}
	wantReasons(t, "signed_out", other)
	p.Go(a.Info.Issuer + "/account")
	p.WaitURL(a.Info.Issuer + "/signin/")

	// A sign-in in one tab signs the other one in.
	a.signIn(p)
	a.in(other)
}

// Two tabs that ask for new tokens at the same time are one client with one refresh token.
func TestJSTwoTabsRefreshAtOnce(t *testing.T) {
	t.Parallel()
	a := startBrowserApp(t)
	p := browser.New(t, browser.Options{})
	a.signIn(p)
	other := a.tab(p)
	if got := browser.Eval[string](other, "requests.join()"); got != "" {
		t.Errorf("the second tab did not take the token of the first, it asked for %s", got)
	}
	const many = `(async () => {
		for (let i = 0; i < 20; i++) await Promise.all([curfew.refresh(), curfew.refresh(), new Promise((done) => setTimeout(done, i % 3))]);
		return requests.filter((r) => r === "refresh_token").length;
	})()`
	browser.Eval[any](other, "void (window.many = "+many+")")
	n := browser.Eval[int](p, many)
	m := browser.Eval[int](other, "window.many")
	if n < 20 || n > 21 || m != 20 { // calls at once are one request; the first tab may have renewed by itself
		t.Errorf("%d and %d requests of 20 rounds in each tab", n, m)
	}
	for i, tab := range []*browser.Page{p, other} {
		if got := browser.Eval[string](tab, "curfew.userinfo().then((c) => c.email, (e) => e.message)"); got != theUser {
			t.Errorf("tab %d after it: %s", i+1, got)
		}
		if got := browser.Eval[string](tab, "curfew.refresh().then(() => curfew.state, (e) => e.message)"); got != "live" {
			t.Errorf("tab %d: the family is gone: %s", i+1, got)
		}
	}
	if a, b := browser.Eval[string](p, "curfew.accessToken()"), browser.Eval[string](other, "curfew.accessToken()"); a != b {
		t.Error("the tabs have different tokens")
	}
}

// Each period has one refresh, whoever looks.
func TestJSOneRefresher(t *testing.T) {
	t.Parallel()
	a := startBrowserApp(t)
	p := browser.New(t, browser.Options{})
	p.Go(a.url)
	set(p, "life", "3") // renewed every two seconds
	a.signIn(p)
	other := a.tab(p)
	third := a.tab(p)
	tabs := []*browser.Page{p, other, third}
	count := func() (n int) {
		for _, tab := range tabs {
			n += browser.Eval[int](tab, "requests.filter((r) => r === 'refresh_token').length")
		}
		return n
	}
	before, began := count(), time.Now()
	time.Sleep(9 * time.Second)
	got, periods := count()-before, time.Since(began).Seconds()/2
	if float64(got) < periods-2 || float64(got) > periods+1 {
		t.Errorf("%d refreshes in %.1f periods with three tabs", got, periods)
	}
	for i, tab := range tabs {
		if state := browser.Eval[string](tab, "curfew.state"); state != "live" {
			t.Errorf("tab %d is %s", i+1, state)
		}
	}
}

// An end anywhere is told to every tab, once, in time, and with its reason.
func TestJSEndedElsewhere(t *testing.T) {
	t.Parallel()
	a := startBrowserApp(t)
	p := browser.New(t, browser.Options{})
	p.Allow("a status of 401", "a status of 400") // what a stream or a refresh that was under way is told
	for want, cause := range map[string]logout.Cause{
		"revoked":  {Status: storage.StatusRevoked, Reason: logout.PasswordChanged, By: logout.System},
		"replaced": {Status: storage.StatusReplaced, Reason: logout.Replaced, By: logout.System},
	} {
		a.signIn(p)
		other := a.tab(p)
		time.Sleep(500 * time.Millisecond) // the listener of the newest tab is there
		began := time.Now()
		a.end(p, cause)
		p.WaitText("signed_out nobody")
		other.WaitText("signed_out nobody")
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: it took %v", want, took)
		}
		time.Sleep(300 * time.Millisecond) // for a second time, if there were one
		wantReasons(t, want, p, other)
		if got := browser.Eval[string](p, "ended[0].detail.reason"); got != string(cause.Reason) {
			t.Errorf("%s: the detail says %s", want, got)
		}
	}
}

// Without the stream the refresh finds out.
func TestJSRefreshRefused(t *testing.T) {
	t.Parallel()
	a := startBrowserApp(t)
	p := browser.New(t, browser.Options{})
	p.Allow("a status of 401", "a status of 400")
	a.signIn(p)
	browser.Eval[any](p, `(async () => { // nothing more is heard
		await navigator.locks.request("curfew " + (await (await fetch("config.json")).json()).issuer + " app listen", { steal: true }, () => new Promise(() => {}));
	})() && 0`)
	time.Sleep(200 * time.Millisecond)
	a.end(p, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: logout.System})
	if got := browser.Eval[string](p, "curfew.refresh().then(() => 'a token', (e) => e.code)"); got != "signed_out" {
		t.Errorf("refresh of a session that has ended: %s", got)
	}
	wantReasons(t, "ended", p)
}

// A network that is away is no end. The token dies, and what comes back is the same session.
func TestJSOffline(t *testing.T) {
	t.Parallel()
	a := startBrowserApp(t)
	p := browser.New(t, browser.Options{})
	p.Allow("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_CHANGED")
	p.Go(a.url)
	set(p, "life", "4")
	a.signIn(p)
	offline(t, p, true)
	p.WaitText("stale usr_")
	if got := browser.Eval[string](p, "curfew.accessToken().then(() => 'a token', (e) => e.code)"); got != "stale" {
		t.Errorf("asked for a token without a network: %s", got)
	}
	if got := reasonsOf(p); got != "" {
		t.Errorf("told of an end: %s", got)
	}
	offline(t, p, false)
	began := time.Now()
	p.WaitText("live usr_")
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("back after %v", took)
	}
}

// A page that dies between the refresh and its answer leaves a refresh token that was used. The next one goes on with it.
func TestJSTabDiesWhileRefreshing(t *testing.T) {
	t.Parallel()
	a := startBrowserApp(t)
	p := browser.New(t, browser.Options{})
	a.signIn(p)
	other := a.tab(p)
	browser.Eval[any](p, "void (window.lose = true, curfew.refresh())")
	time.Sleep(500 * time.Millisecond) // until the provider has answered
	browser.Eval[any](other, "void (window.next = curfew.refresh().then(() => curfew.state, (e) => e.message))")
	p.Go("about:blank")
	if got := browser.Eval[string](other, "window.next"); got != "live" {
		t.Errorf("the other tab: %s", got)
	}
	p.Go(a.url)
	a.in(p)
	if got := browser.Eval[string](p, "curfew.refresh().then(() => curfew.userinfo()).then((c) => c.email, (e) => e.message)"); got != theUser {
		t.Errorf("after a reload: %s", got)
	}
}

// A page that nobody looks at renews nothing by itself, and all the same has a token for whoever asks.
func TestJSHidden(t *testing.T) {
	t.Parallel()
	a := startBrowserApp(t)
	p := browser.New(t, browser.Options{})
	p.Go(a.url)
	set(p, "life", "3")
	set(p, "hidden", "1")
	a.signIn(p)
	p.WaitText("stale usr_")
	time.Sleep(2 * time.Second)
	if got := browser.Eval[string](p, "requests.join()"); got != "authorization_code" {
		t.Errorf("hidden, it asked for %s", got)
	}
	if got := browser.Eval[string](p, "curfew.accessToken().then(() => curfew.state, (e) => e.code)"); got != "live" {
		t.Errorf("hidden, asked for a token: %s", got)
	}
	p.WaitText("stale usr_")
	browser.Eval[any](p, "void (localStorage.removeItem('hidden'), document.dispatchEvent(new Event('visibilitychange')))")
	p.WaitText("live usr_")
}

// Who signs in as somebody else takes the other tabs along: they let go of the one, and show the other.
func TestJSSwitched(t *testing.T) {
	t.Parallel()
	a := startBrowserApp(t)
	p := browser.New(t, browser.Options{})
	a.signIn(p)
	other := a.tab(p)
	before := browser.Eval[string](p, "curfew.user.sub")
	if _, err := chromedp.Call(p.Context(), network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	other.Click("#sign-in")
	a.house.signIn(other, theAdmin)
	a.in(other)
	after := browser.Eval[string](other, "curfew.user.sub")
	p.WaitText("live " + after)
	if before == after || reasonsOf(p) != "switched" {
		t.Errorf("from %s to %s, told %q", before, after, reasonsOf(p))
	}
}

// An answer that is not ours, or not of whom it was asked of, is refused, and leaves the address all the same.
func TestJSRefusedAnswers(t *testing.T) {
	t.Parallel()
	a := startBrowserApp(t)
	p := browser.New(t, browser.Options{})
	h := a.house
	h.account(p, theUser) // from here on a sign-in comes back at once
	for tamper, want := range map[string]string{"state": "state_mismatch", "iss": "issuer_mismatch", "nonce": "nonce_mismatch"} {
		p.Go(a.url)
		p.WaitText("signed_out nobody")
		set(p, "tamper", "'"+tamper+"'")
		p.Click("#sign-in")
		p.WaitText("failed: " + want)
		if got := p.URL(); got != a.url {
			t.Errorf("%s: the address is %s", tamper, got)
		}
		browser.Eval[any](p, "localStorage.clear()")
	}
	p.Go(a.url + "?code=x&state=y&iss=" + a.Info.Issuer + "&mine=1#here")
	p.WaitText("failed: state_mismatch")
	if got := p.URL(); got != a.url+"?mine=1#here" {
		t.Errorf("the address is %s", got)
	}
	p.Go(a.url + "?state=y&mine=1") // somebody else's parameters
	p.WaitText("signed_out nobody")
	if got := p.URL(); !strings.Contains(got, "state=y") {
		t.Errorf("the address is %s", got)
	}
}

// The time of day on this machine does not matter.
func TestJSWrongClock(t *testing.T) {
	t.Parallel()
	a := startBrowserApp(t)
	for _, off := range []int{600_000, -600_000} {
		p := browser.New(t, browser.Options{})
		p.Go(a.url)
		set(p, "off", strconv.Itoa(off))
		a.signIn(p)
		left, skew := browser.Eval[float64](p, "curfew.left()"), browser.Eval[int](p, "curfew.skew")
		if left < 45_000 || left > 60_000 {
			t.Errorf("off by %d ms: %f ms are left", off, left)
		}
		want := int(time.Until(a.clock.Now()).Milliseconds()) - off // the provider's clock stands still
		if d := skew - want; d < -10_000 || d > 10_000 {
			t.Errorf("off by %d ms: the skew is %d ms, want about %d", off, skew, want)
		}
		if got := browser.Eval[string](p, "curfew.refresh().then(() => curfew.state, (e) => e.message)"); got != "live" {
			t.Errorf("off by %d ms: refresh: %s", off, got)
		}
	}
}
