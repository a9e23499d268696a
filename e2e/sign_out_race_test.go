package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/curfew-id/curfew/e2e/browser"
)

// watched is what a tab does while it signs out.
type watched struct {
	listens  chan struct{}        // the stream of ends has been opened
	answered chan fetch.RequestID // the answer to the sign-out has come, and is held back
	heard    chan struct{}        // the page has acted on the news that a session has ended
	loads    chan string          // the documents that are asked for
}

func watch(t *testing.T, p *browser.Page) *watched {
	t.Helper()
	w := &watched{make(chan struct{}, 10), make(chan fetch.RequestID, 10), make(chan struct{}, 10), make(chan string, 100)}
	err := chromedp.Listen(p.Context(), func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if e.Type == network.ResourceTypeDocument {
				w.loads <- e.Request.Method + " " + e.Request.URL
			}
		case *network.EventResponseReceived:
			if strings.HasSuffix(e.Response.URL, "/oauth/sessions/events") {
				w.listens <- struct{}{}
			}
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.ConsoleAPICalledTypeDebug {
				w.heard <- struct{}{}
			}
		case *fetch.EventRequestPaused:
			w.answered <- e.RequestID
		}
	})
	if err == nil {
		_, err = chromedp.Call(p.Context(), fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{
			{URLPattern: "*/account/sign-out", RequestStage: fetch.RequestStageResponse}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func await[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(time.Minute):
		t.Fatalf("%s: not within a minute", what)
		panic("not reached")
	}
}

// A page that signs itself out hears of its session's end before the answer has come. It goes where the answer leads,
// which says that the person is signed out, and not to the sign-in that others are sent to.
func TestSignOutIsNotOvertakenByItsNews(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	p := browser.New(t, browser.Options{})
	h.account(p, theUser)
	w := watch(t, p)
	p.Go(h.Info.Issuer + "/account/sessions")
	await(t, "the page listens", w.listens)
	for len(w.loads) > 0 {
		<-w.loads
	}

	// The page passes the news on before it acts on it, and acts before any page is told. From the click on nothing can be
	// asked of the page: Chromium keeps commands back while an answer is on its way.
	browser.Eval[bool](p, `document.querySelector("header form button").click(),
		(window.told = new BroadcastChannel("curfew-sessions")).addEventListener("message", () => console.debug("told")), true`)
	held := await(t, "the answer", w.answered)
	await(t, "the news", w.heard)
	if _, err := chromedp.Call(p.Context(), fetch.ContinueResponse, fetch.ContinueResponseParams{RequestID: held}); err != nil {
		t.Errorf("the page has not waited for its answer: %v", err)
	}
	p.WaitText("You are signed out")
	var loads []string
	for len(w.loads) > 0 {
		loads = append(loads, <-w.loads)
	}
	if want := []string{"POST " + h.Info.Issuer + "/account/sign-out"}; !slices.Equal(loads, want) {
		t.Errorf("the page asked for %q, want %q", loads, want)
	}
}
