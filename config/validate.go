package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/curfew-id/curfew/internal/geo"
	"github.com/curfew-id/curfew/internal/httpx"
)

// Validate checks the settings without reading any source; Load has done so already. The error is a Problems with
// everything that is wrong.
func (c *Config) Validate() error {
	var problems Problems
	c.check(&problems)
	return problems.err()
}

// check adds a problem for every setting that is wrong, but for those that already have one.
func (c *Config) check(problems *Problems) {
	seen := slices.Clone(*problems)
	v := func(key string, err error) {
		if err != nil && !seen.has(key) && !seen.has(key+"_file") {
			problems.add(key, err.Error())
		}
	}
	for _, f := range Fields() {
		if s, ok := f.in(c).(*string); ok && len(f.OneOf) > 0 && !slices.Contains(f.OneOf, *s) {
			v(f.Key, fmt.Errorf("%q is not one of %s", *s, strings.Join(f.OneOf, ", ")))
		}
	}
	v("issuer", checkIssuer(c.Issuer))
	v("listen", checkListen(c.Listen))
	if c.MetricsListen != "" {
		v("metrics_listen", checkListen(c.MetricsListen))
		if c.MetricsListen == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
			v("metrics_listen", errors.New("is the public address (listen); metrics must not be public"))
		}
	}
	_, err := decodeKey(c.KeyEncryptionKey)
	v("key_encryption_key", err)
	v("shutdown_timeout", between(c.ShutdownTimeout, time.Second, 10*time.Minute))
	v("locales", checkLocales(c.Locales))
	v("database.url", c.Database.check())
	v("database.max_connections", within(c.Database.MaxConnections, 2, 1000))
	v("keys.rotate_every", between(c.Keys.RotateEvery, day, 365*day))
	v("keys.publish_ahead", between(c.Keys.PublishAhead, 10*time.Minute, c.Keys.RotateEvery/2))
	v("session.absolute", between(c.Session.Absolute, time.Minute, 400*day)) // RFC 6265bis 5.5: 400 days for a cookie
	v("session.idle", between(c.Session.Idle, time.Minute, c.Session.Absolute))
	v("session.limit", within(c.Session.Limit, 0, 1000))
	v("password.min_length", within(c.Password.MinLength, 8, 64)) // SP 800-63B-4 3.1.1.2: never below 8
	v("password.breach_url", checkURL(c.Password.BreachURL, true))
	v("api.rate_limit", within(c.API.RateLimit, 1, 100000))
	v("api.burst", within(c.API.Burst, 1, 100000))
	c.SMTP.check(v)
	c.SMS.check(v)
	if n := utf8.RuneCountInString(c.Branding.Name); n == 0 || n > 60 {
		v("branding.name", errors.New("must have 1 to 60 characters"))
	}
	v("branding.logo", checkAsset(c.Branding.Logo, ".svg", ".png", ".webp", ".jpg", ".jpeg"))
	v("branding.stylesheet", checkAsset(c.Branding.Stylesheet, ".css"))
	v("geoip.city_file", checkGeoIP(c.GeoIP.CityFile))
	_, err = httpx.ParseRequestLog(c.Log.Requests)
	v("log.requests", err)
	v("otel.endpoint", checkURL(c.OTel.Endpoint, false))
	if !(c.OTel.SampleRatio > 0 && c.OTel.SampleRatio <= 1) { // also catches NaN
		v("otel.sample_ratio", errors.New("must be above 0 and at most 1"))
	}
}

func (s SMTP) check(v func(string, error)) {
	if s.Host == "" {
		return
	}
	if strings.ContainsAny(s.Host, "/: \t") && net.ParseIP(s.Host) == nil {
		v("smtp.host", errors.New("must be a host name; the port is smtp.port"))
	}
	v("smtp.port", within(s.Port, 1, 65535))
	if _, err := mail.ParseAddress(s.From); err != nil {
		v("smtp.from", errors.New("must be an address such as id@example.com or Example <id@example.com>"))
	}
	if s.Username != "" && !s.Password.IsSet() {
		v("smtp.password", errors.New("missing, since smtp.username is set"))
	}
	if s.Username == "" && s.Password.IsSet() {
		v("smtp.username", errors.New("missing, since smtp.password is set"))
	}
	if s.TLS == "none" && s.Password.IsSet() && !loopback(s.Host) {
		v("smtp.tls", errors.New("none would send smtp.password in the clear; use starttls or tls"))
	}
}

func (s SMS) check(v func(string, error)) {
	if s.URL == "" {
		return
	}
	v("sms.url", checkURL(s.URL, true))
	for key, set := range map[string]bool{"sms.account": s.Account != "", "sms.token": s.Token.IsSet(), "sms.from": s.From != ""} {
		if !set {
			v(key, errors.New("missing, since sms.url is set"))
		}
	}
}

// MasterKey returns the 32 bytes of the key-encryption key, nil if there is none that is valid.
func (c *Config) MasterKey() []byte {
	key, err := decodeKey(c.KeyEncryptionKey)
	if err != nil {
		return nil
	}
	return key
}

// decodeKey accepts both alphabets of base64 (RFC 4648 4, 5), padded or not.
func decodeKey(s Secret) ([]byte, error) {
	if !s.IsSet() {
		return nil, errors.New("missing; make one with: openssl rand -base64 32")
	}
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s.Reveal(), "="))
	key, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("is not base64; make one with: openssl rand -base64 32")
	}
	if len(key) != 32 {
		return nil, fmt.Errorf("has %d bytes, not 32; make one with: openssl rand -base64 32", len(key))
	}
	if distinct := slices.Compact(slices.Sorted(slices.Values(key))); len(distinct) < 8 {
		return nil, errors.New("is not random; make one with: openssl rand -base64 32")
	}
	return key, nil
}

func checkListen(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%q is not an address with a port such as 127.0.0.1:8080 or :8080", s)
	}
	return nil
}

var locale = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`) // RFC 5646 2.1, what pages need of it

func checkLocales(list []string) error {
	if len(list) == 0 {
		return errors.New("must name at least one language")
	}
	for i, s := range list {
		if !locale.MatchString(s) {
			return fmt.Errorf("%q is not a language tag such as en or pt-BR", s)
		}
		if slices.Contains(list[:i], s) {
			return fmt.Errorf("%q is named twice", s)
		}
	}
	return nil
}

// checkURL accepts no URL at all, and else one to send requests to. With secure, plain http only to loopback.
func checkURL(s string, secure bool) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return errors.New("is not an http or https URL") // not repeated: it may hold credentials
	case u.User != nil:
		return errors.New("must not hold credentials")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("must have neither query nor fragment")
	case secure && u.Scheme == "http" && !loopback(u.Hostname()):
		return errors.New("must be https")
	}
	return nil
}

func checkAsset(path string, extensions ...string) error {
	if path == "" {
		return nil
	}
	if !slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) {
		return fmt.Errorf("%s is not a %s file", path, strings.Join(extensions, ", "))
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return errors.New(oneLine(plain(err)))
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", path)
	case info.Size() > 256<<10:
		return fmt.Errorf("%s is larger than 256 KiB", path)
	}
	return nil
}

func checkGeoIP(path string) error {
	if path == "" {
		return nil
	}
	if err := geo.Check(path); err != nil {
		return errors.New(oneLine(plain(err)))
	}
	return nil
}

func between(d, low, high time.Duration) error {
	if d < low || d > high {
		return fmt.Errorf("is %s, must be %s to %s", FormatDuration(d), FormatDuration(low), FormatDuration(high))
	}
	return nil
}

func within(n, low, high int) error {
	if n < low || n > high {
		return fmt.Errorf("is %d, must be %d to %d", n, low, high)
	}
	return nil
}
