package delivery

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
)

// MailboxSize is how many messages a Mailbox keeps.
const MailboxSize = 500

// Channels of a message in a Mailbox.
const (
	ChannelMail = "mail"
	ChannelSMS  = "sms"
)

// Received is a message as a Mailbox keeps it.
type Received struct {
	ID      string
	Channel string // ChannelMail or ChannelSMS
	At      time.Time
	Kind    Kind
	To      string
	Subject string // "" for an SMS
	Text    string
	HTML    string // "" for an SMS
}

// Mailbox is the Mailer and Texter of development: it keeps the last messages in memory. Safe for concurrent use.
type Mailbox struct {
	clock clock.Clock
	mu    sync.Mutex
	next  int
	list  []Received // oldest first
}

var (
	_ Mailer = (*Mailbox)(nil)
	_ Texter = (*Mailbox)(nil)
)

// NewMailbox returns an empty Mailbox.
func NewMailbox(c clock.Clock) *Mailbox { return &Mailbox{clock: c} }

// SendMail implements Mailer.
func (b *Mailbox) SendMail(_ context.Context, m Mail) error {
	b.add(Received{Channel: ChannelMail, Kind: m.Kind, To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
	return nil
}

// SendSMS implements Texter.
func (b *Mailbox) SendSMS(_ context.Context, s SMS) error {
	b.add(Received{Channel: ChannelSMS, Kind: s.Kind, To: s.To, Text: s.Text})
	return nil
}

func (b *Mailbox) add(r Received) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	r.ID, r.At = strconv.Itoa(b.next), b.clock.Now()
	b.list = append(b.list, r)
	if over := len(b.list) - MailboxSize; over > 0 {
		b.list = slices.Delete(b.list, 0, over)
	}
}

// List returns the messages, newest first.
func (b *Mailbox) List() []Received {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := slices.Clone(b.list)
	slices.Reverse(list)
	return list
}

// Get returns one message.
func (b *Mailbox) Get(id string) (Received, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.list {
		if r.ID == id {
			return r, true
		}
	}
	return Received{}, false
}
