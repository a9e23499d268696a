package admin

import (
	"context"
	"sync"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/ui/page"
)

// pathVerify has the audit's chains looked at.
const pathVerify = page.PathAdmin + "/verify-audit"

// verifyFor bounds a look at the chains: beyond it the command line is the place (curfew audit verify).
const verifyFor = 10 * time.Minute

// verifySpans is how far back each of page.VerifySpans goes; 0 is everything.
var verifySpans = map[string]time.Duration{"24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "all": 0}

// checks is the last look at the audit's chains. It reads every event of a span, so there is one at a time and nobody waits for it.
type checks struct {
	mu    sync.Mutex
	now   *page.Verifying // nil: none is under way
	found *page.Verification
}

// last returns what was found last, and whether a look is under way.
func (c *checks) last() (found *page.Verification, running bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found, c.now != nil
}

// progress returns a copy of how far the look that is under way has come, nil where there is none.
func (c *checks) progress() *page.Verifying {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now == nil {
		return nil
	}
	now := *c.now
	return &now
}

func (h *Handlers) showVerification(v *visit) error {
	p := page.AdminVerification{Console: v.console(page.PathAdminAudit), Span: page.VerifySpans()[0], LiveURL: v.again()}
	p.Action = pathVerify
	p.Verifying = h.checks.progress()
	p.Verified, _ = h.checks.last()
	if p.Verified != nil {
		p.Span = p.Verified.Span
	}
	return v.show(p, nil)
}

func (h *Handlers) verifyAudit(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	span := form.Get("span")
	if span == "" {
		span = page.VerifySpans()[0]
	}
	back, known := verifySpans[span]
	if !known {
		return errBadForm
	}
	now := h.Clock.Now()
	var since time.Time
	if back > 0 {
		since = now.Add(-back)
	}
	c := &h.checks
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now == nil {
		c.now = &page.Verifying{Span: span, Since: now}
		h.running.Go(func() { h.verify(span, since, now) })
	}
	return v.goTo(pathVerify)
}

// verify looks and leaves what it found.
func (h *Handlers) verify(span string, since, began time.Time) {
	ctx, cancel := context.WithTimeout(h.background, verifyFor)
	defer cancel()
	c := &h.checks
	found := &page.Verification{Span: span, At: began}
	all, err := h.Store.CountAuditEvents(ctx, since)
	if err == nil {
		c.tell(func(now *page.Verifying) { now.All = all })
		var r *audit.Report
		r, err = h.Audit.Examine(ctx, audit.Part{Since: since, Progress: func(n int) { c.tell(func(now *page.Verifying) { now.Events = int64(n) }) }})
		if err == nil {
			found.From, found.To, found.Events, found.Unsealed, found.Chains, found.Checkpoints = r.From, r.To, r.Events, r.Unsealed, r.Chains, r.Checkpoints
			for _, f := range r.Faults {
				fault := page.VerificationFault{Chain: f.Chain, Position: f.Position, At: f.At, Detail: f.Detail}
				if f.EventID != "" {
					fault.Event = page.Ref{Name: f.EventID, ID: f.EventID, URL: eventURL(f.EventID)}
				}
				found.Faults = append(found.Faults, fault)
			}
		}
	}
	if found.Took = h.Clock.Now().Sub(began); err != nil {
		found.Stopped = true
		h.Log.WarnContext(ctx, "audit not verified", "error", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.found = nil, found
}

func (c *checks) tell(change func(*page.Verifying)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now != nil {
		change(c.now)
	}
}
