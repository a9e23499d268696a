package webhook

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/curfew-id/curfew/internal/httpx"
)

// Why an address is not taken, as FieldError.Reason says it.
const (
	NotAURL     = "is not a URL of at most 2000 characters of ASCII"
	NotAbsolute = "must be an absolute URL"
	HasUser     = "must not hold a name or a password"
	HasFragment = "must not have a fragment"
	NotHTTPS    = "must begin with https://"
	NotPublic   = "is not on the public internet"
)

// FieldError says which field of an endpoint cannot be accepted and why, in words that are meant to be told.
type FieldError struct{ Field, Reason string }

// Error implements error.
func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

func (w *Webhooks) check(f *Fields) error {
	if err := w.checkURL(f.URL); err != nil {
		return &FieldError{"url", err.Error()}
	}
	for i, e := range f.Events {
		if !slices.Contains(Events, e) {
			return &FieldError{fmt.Sprintf("events[%d]", i), "is not an event"}
		}
		if slices.Contains(f.Events[:i], e) {
			return &FieldError{fmt.Sprintf("events[%d]", i), "is named twice"}
		}
	}
	if f.Description = strings.TrimSpace(f.Description); len(f.Description) > 500 || strings.ContainsFunc(f.Description, unicode.IsControl) {
		return &FieldError{"description", "must be at most 500 bytes without control characters"}
	}
	if f.OwnerEmail != "" {
		if a, err := mail.ParseAddress(f.OwnerEmail); err != nil || a.Address != f.OwnerEmail || len(f.OwnerEmail) > 254 {
			return &FieldError{"owner_email", "is not an e-mail address"}
		}
	}
	return nil
}

// checkURL refuses what could never be sent to. Where a name leads is looked at when it is, each time anew: an answer from
// now would say nothing about later.
func (w *Webhooks) checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || len(s) > 2000 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New(NotAURL)
	case u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return errors.New(NotAbsolute)
	case u.User != nil:
		return errors.New(HasUser)
	case u.Fragment != "":
		return errors.New(HasFragment)
	}
	addr, addrErr := netip.ParseAddr(u.Hostname())
	loopback := w.allowed(netip.MustParseAddr("127.0.0.1")) && (u.Hostname() == "localhost" || addrErr == nil && addr.Unmap().IsLoopback())
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return errors.New(NotHTTPS)
	}
	if addrErr == nil && !httpx.Public(addr) && !w.allowed(addr) {
		return errors.New(NotPublic)
	}
	return nil
}

func (w *Webhooks) allowed(a netip.Addr) bool {
	return slices.ContainsFunc(w.opt.AllowPrivate, func(p netip.Prefix) bool { return p.Contains(a) })
}
