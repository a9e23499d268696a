package admin

import (
	"context"
	"sync"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// pathVerify has the audit's chains looked at.
const pathVerify = page.PathAdmin + "/verify-audit"

// eventKinds are those that the log can be narrowed to.
var eventKinds = []audit.Kind{audit.SignInFailed, audit.SessionStarted, audit.SessionEnded, audit.SessionsEnded, audit.UserCreated,
	audit.UserUpdated, audit.UserDisabled, audit.UserEnabled, audit.UserDeleted, audit.PasswordChanged, audit.PasswordReset,
	audit.FactorAdded, audit.FactorRemoved, audit.FamilyReused, audit.CodeReused, audit.ConsentGranted, audit.ConsentWithdrawn,
	audit.ClientCreated, audit.ClientUpdated, audit.ClientSecretNew, audit.ClientDeleted, audit.KeyRotated, audit.TemplateSaved,
	audit.TemplateDeleted, audit.WebhookCreated, audit.WebhookUpdated, audit.WebhookDeleted, audit.ImpersonationStarted,
	audit.ImpersonationStopped, audit.PolicyChanged}

func (h *Handlers) listEvents(v *visit) error {
	ctx := v.r.Context()
	p := page.AdminAudit{Console: v.console(page.PathAdminAudit), Query: v.query("q"), Kind: v.query("kind"), VerifyAction: pathVerify}
	for _, k := range eventKinds {
		p.Kinds = append(p.Kinds, string(k))
	}
	p.Verified, p.Verifying = h.checks.last()
	f := storage.EventFilter{Kind: p.Kind, After: v.query("after"), Limit: rowsShown + 1}
	if p.Query != "" {
		u, err := h.userOf(ctx, p.Query)
		if err != nil {
			return err
		}
		if p.NotFound = u == nil; p.NotFound {
			return v.show(p, nil)
		}
		f.UserID = u.ID
	}
	events, err := h.Store.AuditEvents(ctx, f)
	if err != nil {
		return err
	}
	if len(events) > rowsShown {
		events = events[:rowsShown]
		p.Pager.NextURL = v.next(events[rowsShown-1].ID)
	}
	p.Pager.FirstURL = v.first()
	if p.Events, err = h.eventRows(v, events); err != nil {
		return err
	}
	return v.show(p, nil)
}

// verifyFor bounds a look at all chains: beyond it the command line is the place (curfew audit verify).
const verifyFor = 10 * time.Minute

// checks is the last look at the audit's chains. It reads every event, so there is one at a time and nobody waits for it.
type checks struct {
	mu      sync.Mutex
	running bool
	found   *page.Verification
}

func (c *checks) last() (*page.Verification, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found, c.running
}

func (h *Handlers) verifyAudit(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	c := &h.checks
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running {
		c.running = true
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), verifyFor)
			defer cancel()
			r, err := h.Audit.Verify(ctx)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.running = false
			if err != nil {
				h.Log.WarnContext(ctx, "audit not verified", "error", err)
				return
			}
			c.found = &page.Verification{At: h.Clock.Now(), Events: r.Events, Unsealed: r.Unsealed, Chains: r.Chains, Checkpoints: r.Checkpoints}
			for _, f := range r.Faults {
				c.found.Faults = append(c.found.Faults, f.String())
			}
		}()
	}
	return v.goTo(page.PathAdminAudit + "#verify")
}
