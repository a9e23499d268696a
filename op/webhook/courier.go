package webhook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
)

// LetterTTL is how long an endpoint is tried to be told of a letter that it is to deliver: what is in it is asked for again
// in less time than that.
const LetterTTL = 10 * time.Minute

// KeepLetters is how long their text is kept, sealed.
const KeepLetters = time.Hour

// ErrNobodyDelivers: mail is left to webhooks, and no endpoint has chosen the event.
var ErrNobodyDelivers = errors.New("no webhook endpoint takes it")

// Courier tells endpoints of mail and text messages. Those for which Mailer or Texter is nil the endpoints are to deliver
// themselves, and get the text; of others they learn that there was one.
type Courier struct {
	Webhooks *Webhooks
	Mailer   delivery.Mailer
	Texter   delivery.Texter
}

// email is what is said of a mail. The names are those of Clerk's emails.
type email struct {
	Object            string `json:"object"`
	Slug              string `json:"slug"` // the delivery.Kind
	ToEmailAddress    string `json:"to_email_address"`
	Subject           string `json:"subject,omitempty"`
	Body              string `json:"body,omitempty"` // HTML
	BodyPlain         string `json:"body_plain,omitempty"`
	DeliveredByCurfew bool   `json:"delivered_by_curfew"`
}

// textMessage is what is said of an SMS.
type textMessage struct {
	Object            string `json:"object"`
	Slug              string `json:"slug"`
	ToPhoneNumber     string `json:"to_phone_number"`
	Message           string `json:"message,omitempty"`
	DeliveredByCurfew bool   `json:"delivered_by_curfew"`
}

// SendMail implements delivery.Mailer. Without a Mailer, nil means that an endpoint is owed the mail.
func (c Courier) SendMail(ctx context.Context, m delivery.Mail) error {
	told := email{Object: "email", Slug: string(m.Kind), ToEmailAddress: m.To, DeliveredByCurfew: c.Mailer != nil}
	if c.Mailer == nil {
		told.Subject, told.Body, told.BodyPlain = m.Subject, m.HTML, m.Text
		return c.leave(ctx, EmailCreated, told)
	}
	if err := c.Mailer.SendMail(ctx, m); err != nil {
		return err
	}
	c.mention(ctx, EmailCreated, told)
	return nil
}

// SendSMS implements delivery.Texter, as SendMail does delivery.Mailer.
func (c Courier) SendSMS(ctx context.Context, s delivery.SMS) error {
	told := textMessage{Object: "sms_message", Slug: string(s.Kind), ToPhoneNumber: s.To, DeliveredByCurfew: c.Texter != nil}
	if c.Texter == nil {
		told.Message = s.Text
		return c.leave(ctx, SMSCreated, told)
	}
	if err := c.Texter.SendSMS(ctx, s); err != nil {
		return err
	}
	c.mention(ctx, SMSCreated, told)
	return nil
}

func (c Courier) leave(ctx context.Context, e Event, told any) error {
	owed, err := c.tell(ctx, e, told)
	if err == nil && owed == 0 {
		err = fmt.Errorf("%s: %w", e, ErrNobodyDelivers)
	}
	return err
}

// mention fails quietly: what has been delivered must not be delivered again because of it.
func (c Courier) mention(ctx context.Context, e Event, told any) {
	if _, err := c.tell(ctx, e, told); err != nil {
		c.Webhooks.opt.Log.WarnContext(ctx, "webhooks were not told of a message", "event", e, "error", err)
	}
}

func (c Courier) tell(ctx context.Context, e Event, told any) (owed int, err error) {
	w := c.Webhooks
	err = w.opt.Store.Tx(ctx, func(tx *storage.Store) error {
		receivers, err := listeners(ctx, tx, e)
		if err != nil {
			return err
		}
		owed = len(receivers)
		// It may hold codes that sign people in, which never stand in the database in the clear.
		m := message{event: e, at: w.opt.Clock.Now(), data: told, receivers: receivers, ttl: LetterTTL, cover: w.cover}
		_, err = m.insert(ctx, tx)
		return err
	})
	return owed, err
}

// cover seals the body of a message; uncover opens it where it was sealed.
func (w *Webhooks) cover(messageID, body string) string {
	return base64.StdEncoding.EncodeToString(w.opt.Sealer.Seal([]byte(body), "webhook_messages."+messageID))
}

func (w *Webhooks) uncover(m *storage.WebhookMessage) (string, error) {
	if !slices.Contains(byName, Event(m.Type)) {
		return m.Payload, nil
	}
	sealed, err := base64.StdEncoding.DecodeString(m.Payload)
	if err != nil {
		return "", fmt.Errorf("message %s: %w", m.ID, err)
	}
	body, err := w.opt.Sealer.Open(sealed, "webhook_messages."+m.ID)
	if err != nil {
		return "", fmt.Errorf("message %s: %w", m.ID, err)
	}
	return string(body), nil
}

// blank takes the text out of what is said of a mail or a text message.
func blank(e Event, said string) (string, error) {
	var told any
	switch e {
	case EmailCreated:
		told = new(email)
	case SMSCreated:
		told = new(textMessage)
	default:
		return said, nil
	}
	p := payload{Data: json.RawMessage("{}")}
	err := json.Unmarshal([]byte(said), &p)
	if err == nil {
		err = json.Unmarshal(p.Data, told)
	}
	if err != nil {
		return "", fmt.Errorf("blank %s: %w", e, err)
	}
	switch told := told.(type) {
	case *email: // the subject as well: some carry the code in it
		told.Subject, told.Body, told.BodyPlain = "", "", ""
	case *textMessage:
		told.Message = ""
	}
	if p.Data, err = json.Marshal(told); err != nil {
		return "", fmt.Errorf("blank %s: %w", e, err)
	}
	body, err := json.Marshal(p)
	return string(body), err
}
