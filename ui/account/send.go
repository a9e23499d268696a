package account

import (
	"context"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

// resendPause is how long a person waits before another code can be asked for.
const resendPause = 30 * time.Second

func (h *Handlers) resendAfter(c *change) time.Duration {
	return max(0, resendPause-h.Clock.Now().Sub(c.SentAt))
}

func (h *Handlers) resendForm(c *change) page.Resend {
	return page.Resend{Action: c.path() + "/resend", After: h.resendAfter(c)}
}

// send sends a code and notes in the change which.
func (h *Handlers) send(v *visit, c *change, kind factor.Kind, purpose factor.Purpose, target string) error {
	who, err := h.who(v)
	if err != nil {
		return err
	}
	challenge, code, err := h.Factors.StartCode(v.r.Context(), who, kind, purpose, target)
	if err != nil {
		return err
	}
	c.Sent, c.SentAt = &challenge, h.Clock.Now()
	if err := h.save(v, c); err != nil { // before the code goes out: of two clicks at once one sends
		return err
	}
	letter := delivery.SignInCode
	if purpose == factor.PurposeVerify {
		letter = delivery.VerifyEmail
	}
	facts := delivery.Facts{Service: h.Service, Host: h.host, Code: code, TTL: factor.CodeTTL}
	if err := h.post(v, kind, letter, target, facts); err != nil {
		h.Log.ErrorContext(v.r.Context(), "code not sent", "error", err, "request_id", httpx.RequestID(v.r.Context()))
		return errSend
	}
	return nil
}

func (h *Handlers) post(v *visit, kind factor.Kind, letter delivery.Kind, target string, facts delivery.Facts) error {
	if kind == factor.KindSMS {
		m, err := delivery.WriteSMS(v.locale(), target, facts)
		if err != nil {
			return err
		}
		return h.Outbox.Text(m)
	}
	m, err := delivery.Write(letter, v.locale(), target, facts)
	if err != nil {
		return err
	}
	return h.Outbox.Mail(m)
}

// tell writes to the user what was done to their account. That the mail cannot be sent does not undo it.
func (h *Handlers) tell(v *visit, letter delivery.Kind, to string) {
	ctx := v.r.Context()
	facts := delivery.Facts{Service: h.Service, URL: h.Issuer + page.PathAccount, At: h.Clock.Now(),
		Device: deviceName(v.r.UserAgent(), v.locale())}
	if a := httpx.ClientAddr(ctx); a.IsValid() {
		facts.Network = a.String()
	}
	if err := h.post(v, factor.KindEmail, letter, to, facts); err != nil {
		h.Log.ErrorContext(context.WithoutCancel(ctx), "notice not sent", "kind", letter, "error", err, "request_id", httpx.RequestID(ctx))
	}
}

// locale is the language of what is sent: the chosen one, or the browser's.
func (v *visit) locale() string {
	if v.person.Locale != "" {
		return v.person.Locale
	}
	accept := v.r.Header.Get("Accept-Language")
	tags, _, err := language.ParseAcceptLanguage(accept[:min(len(accept), 256)])
	if err != nil || len(tags) == 0 {
		return ""
	}
	return tags[0].String()
}

// masked is a target as it may stand on a page that asks for a code: enough for its owner to know it.
func masked(kind factor.Kind, target string) string {
	if kind == factor.KindSMS {
		return "••• ••" + target[max(0, len(target)-2):]
	}
	local, domain, ok := strings.Cut(target, "@")
	if !ok || local == "" {
		return "•••"
	}
	return string([]rune(local)[:1]) + "•••@" + domain
}
