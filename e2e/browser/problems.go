package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Allow lets problems pass whose text contains one of parts, on every tab of this browser, seen already or
// yet to come: what the test provokes on purpose.
func (p *Page) Allow(parts ...string) {
	p.browser.mu.Lock()
	defer p.browser.mu.Unlock()
	p.browser.allowed = append(p.browser.allowed, parts...)
}

// Problems returns what the pages of this browser complained about so far, oldest first, without what is
// allowed: each with its kind, its text and where it came from.
func (p *Page) Problems() []string {
	// An answer to a later command means that every earlier event has been seen.
	_, _ = run(p, chromedp.Evaluate[int]("0"))
	b := p.browser
	b.mu.Lock()
	defer b.mu.Unlock()
	var left []string
	for _, problem := range b.problems {
		if !slices.ContainsFunc(b.allowed, func(part string) bool { return strings.Contains(problem, part) }) {
			left = append(left, problem)
		}
	}
	return left
}

// checkProblems fails the test for the problems, and forgets them: another tab need not say it again.
func (p *Page) checkProblems() {
	if p.browser.opts.AllowErrors {
		return
	}
	for _, problem := range p.Problems() {
		p.tb.Errorf("browser: %s", problem)
	}
	p.browser.mu.Lock()
	defer p.browser.mu.Unlock()
	p.browser.problems = nil
}

func (b *browser) complain(kind, text, url string, line int64) {
	problem := kind + ": " + text
	if url != "" {
		problem += fmt.Sprintf(" (%s:%d)", url, line+1)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, problem)
}

// listen follows what the tab does. The function runs between two messages of the browser and may not send
// one itself.
func (p *Page) listen() error {
	documents := map[network.RequestID]bool{}
	main := cdp.FrameID(chromedp.FromContext(p.ctx).Target.TargetID)
	return chromedp.Listen(p.ctx, func(event any) {
		p.loading.see(main, event)
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if e.Type == network.ResourceTypeDocument {
				documents[e.RequestID] = true
			}
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
				p.browser.complain("console", arguments(e.Args), "", 0)
			}
		case *runtime.EventExceptionThrown:
			d := e.ExceptionDetails
			text := d.Text
			if d.Exception != nil {
				text += " " + d.Exception.Description
			}
			p.browser.complain("exception", text, d.URL, d.LineNumber)
		case *log.EventEntryAdded:
			// A page of ours may well answer 401: the test reads it. A failure of the server, or of
			// anything that the page loads, is a problem.
			if documents[e.Entry.NetworkRequestID] && strings.Contains(e.Entry.Text, "a status of 4") {
				return
			}
			// Nor does it matter that a page without an icon has none.
			if strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
				return
			}
			if e.Entry.Level == log.EntryLevelError {
				p.browser.complain(string(e.Entry.Source), e.Entry.Text, e.Entry.URL, e.Entry.LineNumber)
			}
		}
	})
}

func arguments(args []*runtime.RemoteObject) string {
	var parts []string
	for _, a := range args {
		switch {
		case a.Description != "":
			parts = append(parts, a.Description)
		default:
			parts = append(parts, strings.Trim(string(a.Value), `"`))
		}
	}
	return strings.Join(parts, " ")
}

// run does one thing on the tab, within patience.
func run[T any](p *Page, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// call is a command of the protocol as a step.
func call[P, R any](cmd cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, cmd, params)
		return err
	})
}
