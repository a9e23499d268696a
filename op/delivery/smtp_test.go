package delivery

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
)

var sampleMail = Mail{Kind: SignInCode, To: "user@example.com", Subject: "Ihr Code für uns", Text: "Grüße\n", HTML: "<p>Grüße</p>"}

func newSMTP(t *testing.T, opt SMTPOptions) *SMTP {
	t.Helper()
	opt.From, opt.FromName = "curfew@example.com", "Äxample"
	s, err := NewSMTP(opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSMTPWithoutTLSOnLoopback(t *testing.T) {
	srv := startSMTP(t, &smtpServer{})
	if err := newSMTP(t, SMTPOptions{Addr: srv.addr, TLS: NoTLS}).SendMail(context.Background(), sampleMail); err != nil {
		t.Fatal(err)
	}
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if !strings.HasPrefix(srv.from, "FROM:<curfew@example.com>") || !strings.HasPrefix(srv.to, "TO:<user@example.com>") {
		t.Errorf("envelope %s %s", srv.from, srv.to)
	}
	m, err := mail.ReadMessage(strings.NewReader(srv.data))
	if err != nil {
		t.Fatal(err)
	}
	if subject, _ := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); subject != sampleMail.Subject {
		t.Errorf("subject %q", subject)
	}
	if m.Header.Get("Auto-Submitted") != "auto-generated" || m.Header.Get("Message-ID") == "" || m.Header.Get("Date") == "" {
		t.Errorf("headers %v", m.Header)
	}
	if from, err := m.Header.AddressList("From"); err != nil || from[0].Name != "Äxample" {
		t.Errorf("from %v, %v", from, err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(quotedprintable.NewReader(p))
		bodies = append(bodies, strings.TrimSpace(string(b)))
	}
	if len(bodies) != 2 || bodies[0] != "Grüße" || bodies[1] != "<p>Grüße</p>" {
		t.Errorf("bodies %q", bodies)
	}
}

func TestSMTPWithSTARTTLSAndAuthentication(t *testing.T) {
	server, client := serverTLS(t)
	srv := startSMTP(t, &smtpServer{tls: server})
	s := newSMTP(t, SMTPOptions{Addr: srv.addr, Username: "u", Password: "p", TLSConfig: client})
	if err := s.SendMail(context.Background(), sampleMail); err != nil {
		t.Fatal(err)
	}
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if !srv.inTLS || srv.auth != "\x00u\x00p" {
		t.Errorf("in tls %t, auth %q", srv.inTLS, srv.auth)
	}
}

func TestSMTPRefusesToGoOnWithoutTLS(t *testing.T) {
	server, client := serverTLS(t)
	srv := startSMTP(t, &smtpServer{tls: server, hostile: true})
	s := newSMTP(t, SMTPOptions{Addr: srv.addr, Username: "u", Password: "p", TLSConfig: client})
	if err := s.SendMail(context.Background(), sampleMail); err == nil {
		t.Fatal("sent without tls")
	}
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.auth != "" || srv.data != "" {
		t.Errorf("auth %q, data %q went out in the clear", srv.auth, srv.data)
	}
}

func TestSMTPTellsForeverFromForNow(t *testing.T) {
	for code, refused := range map[string]bool{"550": true, "451": false} {
		srv := startSMTP(t, &smtpServer{rcptCode: code})
		err := newSMTP(t, SMTPOptions{Addr: srv.addr, TLS: NoTLS}).SendMail(context.Background(), sampleMail)
		if err == nil || errors.Is(err, ErrRefused) != refused {
			t.Errorf("%s: error %v, refused should be %t", code, err, refused)
		}
	}
	s := newSMTP(t, SMTPOptions{Addr: "127.0.0.1:1", TLS: NoTLS})
	if err := s.SendMail(context.Background(), sampleMail); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("no server: error %v", err)
	}
	if err := s.SendMail(context.Background(), Mail{To: "not an address"}); !errors.Is(err, ErrRefused) {
		t.Errorf("bad address: error %v", err)
	}
}

func TestSMTPOptionsAreChecked(t *testing.T) {
	for name, opt := range map[string]SMTPOptions{
		"no port":           {Addr: "mail.example.com", From: "a@example.com"},
		"port zero":         {Addr: "mail.example.com:0", From: "a@example.com"},
		"no host":           {Addr: ":25", From: "a@example.com"},
		"plain elsewhere":   {Addr: "mail.example.com:25", TLS: NoTLS, From: "a@example.com"},
		"plain credentials": {Addr: "mail:1025", TLS: NoTLS, PrivateNetwork: true, Username: "u", From: "a@example.com"},
		"unknown mode":      {Addr: "mail.example.com:25", TLS: "maybe", From: "a@example.com"},
		"no sender":         {Addr: "mail.example.com:587"},
	} {
		if _, err := NewSMTP(opt); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := NewSMTP(SMTPOptions{Addr: "mail:1025", TLS: NoTLS, PrivateNetwork: true, From: "a@example.com"}); err != nil {
		t.Errorf("mail catcher beside the container: %v", err)
	}
}
