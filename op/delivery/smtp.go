package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
)

const sendTimeout = 10 * time.Second

// TLSMode is how the connection to the mail server is protected.
type TLSMode string

// The modes. There is no "if the server offers it": whoever sits in between would take the offer out.
const (
	STARTTLS    TLSMode = "starttls" // mandatory, usually port 587
	ImplicitTLS TLSMode = "implicit" // usually port 465 (RFC 8314 3)
	NoTLS       TLSMode = "none"     // to this machine, or over a network declared private
)

// SMTPOptions say where mail is handed over.
type SMTPOptions struct {
	Addr     string  // host:port
	TLS      TLSMode // "": STARTTLS
	Username string  // "": no authentication
	Password string
	From     string // address alone
	FromName string
	// PrivateNetwork allows NoTLS to a host that is not this machine, such as a mail catcher beside the container.
	// Credentials are not sent without TLS even then.
	PrivateNetwork bool
	TLSConfig      *tls.Config // nil: the default; for servers with a certificate authority of their own
}

// SMTP is a Mailer that hands each mail to one server.
type SMTP struct {
	opt  SMTPOptions
	host string
	port int
}

// NewSMTP checks the options; it does not connect.
func NewSMTP(opt SMTPOptions) (*SMTP, error) {
	host, portText, err := net.SplitHostPort(opt.Addr)
	if err != nil {
		return nil, fmt.Errorf("smtp address: %w", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 1 || port > 65535 || host == "" {
		return nil, fmt.Errorf("smtp address %q: want host:port", opt.Addr)
	}
	switch opt.TLS {
	case "":
		opt.TLS = STARTTLS
	case STARTTLS, ImplicitTLS:
	case NoTLS:
		if !loopback(host) && !opt.PrivateNetwork {
			return nil, fmt.Errorf("smtp to %s without tls: only to this machine", host)
		}
		if opt.Username != "" && !loopback(host) {
			return nil, fmt.Errorf("smtp to %s without tls: credentials would be readable", host)
		}
	default:
		return nil, fmt.Errorf("smtp tls %q: want starttls, implicit or none", opt.TLS)
	}
	if err := mail.NewMsg().From(opt.From); err != nil {
		return nil, fmt.Errorf("smtp from: %w", err)
	}
	return &SMTP{opt: opt, host: host, port: port}, nil
}

// SendMail implements Mailer: one connection, at most 10 s.
func (s *SMTP) SendMail(ctx context.Context, m Mail) error {
	msg, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	client, err := mail.NewClient(s.host, s.clientOptions()...)
	if err != nil {
		return fmt.Errorf("smtp client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		var send *mail.SendError
		if errors.As(err, &send) && send.ErrorCode() >= 500 && !send.IsTemp() {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}

func (s *SMTP) compose(m Mail) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.FromFormat(s.opt.FromName, s.opt.From); err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	if err := msg.To(m.To); err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetMessageID()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 5: no out-of-office replies
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

func (s *SMTP) clientOptions() []mail.Option {
	opts := []mail.Option{mail.WithPort(s.port), mail.WithTimeout(sendTimeout)}
	switch s.opt.TLS {
	case ImplicitTLS:
		opts = append(opts, mail.WithSSL())
	case NoTLS:
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	default:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if s.opt.TLSConfig != nil {
		opts = append(opts, mail.WithTLSConfig(s.opt.TLSConfig))
	}
	if s.opt.Username != "" {
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover),
			mail.WithUsername(s.opt.Username), mail.WithPassword(s.opt.Password))
	}
	return opts
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
