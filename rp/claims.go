package rp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Claims are the members of a token or of a userinfo answer. Numbers are json.Number.
//
// They are read by exact name. Decoding a token into a struct would not do: encoding/json also matches
// names that differ in case, and a provider may let users write a claim called "SUB".
type Claims map[string]any

func parseClaims(payload []byte) (Claims, error) {
	var c Claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return nil, fmt.Errorf("claims: %w", err)
	}
	if c == nil {
		return nil, errors.New("claims: not an object")
	}
	return c, nil
}

// UnmarshalJSON keeps numbers as they were written.
func (c *Claims) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode((*map[string]any)(c))
}

// String returns a claim that is a string, or "".
func (c Claims) String(name string) string {
	s, _ := c[name].(string)
	return s
}

// Strings returns a claim that is a list of strings, or a single one as a list of one.
func (c Claims) Strings(name string) []string {
	switch v := c[name].(type) {
	case string:
		return []string{v}
	case []any:
		list := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil
			}
			list = append(list, s)
		}
		return list
	}
	return nil
}

// Bool returns a claim that is true.
func (c Claims) Bool(name string) bool {
	b, _ := c[name].(bool)
	return b
}

// Time returns a claim that is a NumericDate (RFC 7519 2), seconds since 1970.
func (c Claims) Time(name string) (time.Time, bool) {
	n, ok := c[name].(json.Number)
	if !ok {
		return time.Time{}, false
	}
	f, err := n.Float64()
	if err != nil || f < 0 || f > 1<<40 {
		return time.Time{}, false
	}
	sec, frac := math.Modf(f)
	return time.Unix(int64(sec), int64(frac*1e9)).UTC(), true
}

// Actor is the person acting for the subject (RFC 8693 4.1): an operator who impersonates a user, say.
type Actor struct {
	Subject string
	Issuer  string // empty when it is the token's
	Actor   *Actor // who acted before, if the delegation is a chain
}

// Actor returns the act claim, or nil if the subject acts in person.
func (c Claims) Actor() *Actor { return actor(c["act"], 0) }

func actor(v any, depth int) *Actor {
	m, ok := v.(map[string]any)
	if !ok || depth == 8 {
		return nil
	}
	c := Claims(m)
	return &Actor{Subject: c.String("sub"), Issuer: c.String("iss"), Actor: actor(m["act"], depth+1)}
}

// checkCommon checks what ID tokens and access tokens share (RFC 7519 4.1): the issuer, that one of the
// audiences is meant, a subject, and the times.
func (p *provider) checkCommon(c Claims, audiences []string) (exp time.Time, err error) {
	if err := p.checkOrigin(c, audiences); err != nil {
		return exp, err
	}
	if c.String("sub") == "" {
		return exp, invalid("no sub")
	}
	if act, present := c["act"]; present {
		// An act that cannot be read must not turn an impersonation into the user.
		if a := actor(act, 0); a == nil || a.Subject == "" {
			return exp, invalid("act")
		}
	}
	return p.checkTimes(c)
}

// checkOrigin checks who made a token and for whom.
func (p *provider) checkOrigin(c Claims, audiences []string) error {
	if c.String("iss") != p.meta.Issuer {
		return invalid("iss %q", c.String("iss"))
	}
	if !slices.ContainsFunc(c.Strings("aud"), func(a string) bool { return slices.Contains(audiences, a) }) {
		return invalid("aud %v", c["aud"])
	}
	return nil
}

// checkTimes is called last, so that only an otherwise good token is called expired.
func (p *provider) checkTimes(c Claims) (exp time.Time, err error) {
	now := p.now()
	exp, ok := c.Time("exp")
	if !ok {
		return exp, invalid("no exp")
	}
	iat, ok := c.Time("iat")
	if !ok {
		return exp, invalid("no iat")
	}
	if iat.After(now.Add(p.leeway)) {
		return exp, invalid("issued in the future")
	}
	if _, present := c["nbf"]; present {
		if nbf, ok := c.Time("nbf"); !ok || nbf.After(now.Add(p.leeway)) {
			return exp, invalid("not valid yet")
		}
	}
	if !now.Before(exp.Add(p.leeway)) {
		return exp, ErrExpiredToken
	}
	return exp, nil
}
