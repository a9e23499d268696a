package account

import (
	"errors"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// onChange loads the change that a request is about and tells whether its person may go on with it, or has to prove first
// who they are. What is over leads back to the page on which it began; so does a step that was answered twice.
func (h *Handlers) onChange(v *visit, fn func(c *change, fresh bool) error) error {
	c, err := h.loadChange(v)
	if err == nil {
		var fresh bool
		if fresh, err = h.fresh(v); err == nil {
			err = fn(c, fresh)
		}
	}
	switch {
	case errors.Is(err, errGone):
		return v.goTo(page.PathSecurity)
	case errors.Is(err, storage.ErrConflict) && c != nil:
		return v.goTo(c.path())
	}
	return err
}

// showChange shows the step that a change is at.
func (h *Handlers) showChange(v *visit) error {
	return h.onChange(v, func(c *change, fresh bool) error {
		switch d := deedOf(c.Act); {
		case !fresh:
			return h.showProof(v, c, nil)
		case d.show != nil:
			return d.show(h, v, c, nil)
		default: // proved meanwhile in another window; doing it takes a click
			return v.goTo(page.PathSecurity)
		}
	})
}

// answerChange takes the answer to that step.
func (h *Handlers) answerChange(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	return h.onChange(v, func(c *change, fresh bool) error {
		d := deedOf(c.Act)
		if !fresh {
			return h.answerProof(v, c, form)
		}
		if d.answer != nil {
			return d.answer(h, v, c, form)
		}
		return h.runOnce(v, c)
	})
}

// runOnce does an act that needs nothing more, and only the first time.
func (h *Handlers) runOnce(v *visit, c *change) error {
	if err := h.finish(v, h.Store, c); err != nil {
		return err
	}
	return deedOf(c.Act).run(h, v)
}

// resend sends the code of a change again.
func (h *Handlers) resend(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	return h.onChange(v, func(c *change, fresh bool) error {
		show := deedOf(c.Act).show
		if !fresh || show == nil {
			show = (*Handlers).showProof
		}
		if c.Sent == nil || h.resendAfter(c) > 0 {
			return show(h, v, c, nil)
		}
		if err := h.send(v, c, c.Sent.Kind, c.Sent.Purpose, c.Sent.Target); err != nil {
			faults, err := h.faults("", err)
			if err != nil {
				return err
			}
			return show(h, v, c, faults)
		}
		v.notice = page.Msg(page.CodeSentAgain)
		return show(h, v, c, nil)
	})
}

// code returns what was typed as a code; "" with the page's fault where there was nothing.
func code(form *httpx.Params) (string, page.Errors) {
	typed := form.Get("code")
	if typed == "" {
		return "", page.Fault("code", page.Required)
	}
	return typed, nil
}
