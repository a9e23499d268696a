package delivery

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// smtpServer speaks just enough of RFC 5321 to take a mail.
type smtpServer struct {
	addr     string
	tls      *tls.Config // offers STARTTLS
	rcptCode string      // answer to RCPT TO, "" accepts
	hostile  bool        // claims not to know STARTTLS

	mu    sync.Mutex
	auth  string // decoded AUTH PLAIN
	from  string
	to    string
	data  string
	inTLS bool
}

func startSMTP(t *testing.T, s *smtpServer) *smtpServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s.addr = l.Addr().String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *smtpServer) serve(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second)) // of a socket, not of the server's time
	in := bufio.NewReader(c)
	say := func(lines ...string) { fmt.Fprint(c, strings.Join(lines, "\r\n")+"\r\n") }
	say("220 mail.example.com ESMTP")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			_, secured := c.(*tls.Conn)
			switch {
			case s.tls != nil && !secured && !s.hostile:
				say("250-mail.example.com", "250 STARTTLS")
			default:
				say("250-mail.example.com", "250 AUTH PLAIN")
			}
		case "STARTTLS":
			say("220 go")
			c = tls.Server(c, s.tls)
			in = bufio.NewReader(c)
		case "AUTH":
			plain, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			s.mu.Lock()
			s.auth = string(plain)
			s.mu.Unlock()
			say("235 ok")
		case "MAIL":
			_, secured := c.(*tls.Conn)
			s.mu.Lock()
			s.from, s.inTLS = rest, secured
			s.mu.Unlock()
			say("250 ok")
		case "RCPT":
			if s.rcptCode != "" {
				say(s.rcptCode + " no")
				continue
			}
			s.mu.Lock()
			s.to = rest
			s.mu.Unlock()
			say("250 ok")
		case "DATA":
			say("354 go")
			var body strings.Builder
			for {
				l, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if l == ".\r\n" {
					break
				}
				body.WriteString(l)
			}
			s.mu.Lock()
			s.data = body.String()
			s.mu.Unlock()
			say("250 queued")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// serverTLS returns a certificate for 127.0.0.1 and a client configuration that trusts it.
func serverTLS(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), // TLS reads the real clock
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
}
