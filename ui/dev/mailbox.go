package dev

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/ui/page"
)

// PathMail is the mailbox, below the issuer.
const PathMail = "/dev/mail"

const refreshSeconds = 3

// Options of New. Mailbox and Pages are required.
type Options struct {
	Mailbox *delivery.Mailbox
	Pages   *page.Renderer
	From    string // the sender that mails would have; "" hides it
	// Authenticators are those of accounts that were seeded with one; nil for none.
	Authenticators func(context.Context) ([]Authenticator, error)
	Clock          clock.Clock // required with Authenticators
}

// Authenticator is the next code of one.
type Authenticator struct {
	Account string
	factor.TOTPCode
}

// Handlers are the pages of the mailbox.
type Handlers struct{ Options }

// New returns the pages.
func New(o Options) *Handlers { return &Handlers{o} }

// Routes adds the pages to mux.
func (h *Handlers) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+PathMail, h.list)
	mux.HandleFunc("GET "+PathMail+"/{id}", h.message)
}

func (h *Handlers) list(w http.ResponseWriter, r *http.Request) {
	p := page.MailList{Refresh: refreshSeconds}
	if h.Authenticators != nil {
		list, err := h.Authenticators(r.Context())
		if err != nil {
			slog.ErrorContext(r.Context(), "no codes of authenticators", "error", err, "request_id", httpx.RequestID(r.Context()))
		}
		for _, a := range list {
			p.Authenticators = append(p.Authenticators, h.shows(a))
		}
	}
	for _, m := range h.Mailbox.List() {
		p.Messages = append(p.Messages, entry(m))
	}
	h.render(w, r, http.StatusOK, p)
}

// shows counts in whole seconds: up until a code counts, which nobody should type too early, and down while it does.
func (h *Handlers) shows(a Authenticator) page.Authenticator {
	now := h.Clock.Now()
	wait := max(0, a.From.Sub(now))
	return page.Authenticator{Account: a.Account, Code: a.Code, Wait: int((wait + time.Second - 1) / time.Second),
		Left: int(a.Until.Sub(now.Add(wait)) / time.Second)}
}

func (h *Handlers) message(w http.ResponseWriter, r *http.Request) {
	m, ok := h.Mailbox.Get(r.PathValue("id"))
	if !ok {
		h.render(w, r, http.StatusNotFound, page.Error{Kind: page.ErrorNotFound, RequestID: httpx.RequestID(r.Context()),
			Back: page.Link{URL: PathMail, Label: page.BackHome}})
		return
	}
	p := page.MailMessage{Mail: entry(m), Body: m.Text, BackURL: PathMail}
	if m.Channel == delivery.ChannelMail {
		p.From = h.From
	}
	h.render(w, r, http.StatusOK, p)
}

func (h *Handlers) render(w http.ResponseWriter, r *http.Request, status int, p page.Page) {
	if err := h.Pages.Render(w, r, status, p); err != nil {
		slog.ErrorContext(r.Context(), "request failed", "error", err, "request_id", httpx.RequestID(r.Context()))
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

func entry(m delivery.Received) page.Mail {
	return page.Mail{URL: PathMail + "/" + m.ID, SMS: m.Channel == delivery.ChannelSMS, To: m.To, Subject: m.Subject,
		Code: codeIn(m.Text), SentAt: m.At}
}

// codes are six digits that stand alone: not a part of a number or of an address.
var codes = regexp.MustCompile(`(?m)(?:^|\s)(\d{6})(?:$|[\s.,])`)

func codeIn(text string) string {
	if found := codes.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}
