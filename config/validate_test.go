package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/internal/geo"
	"github.com/curfew-id/curfew/internal/geo/geotest"
)

func valid() *Config {
	c := Default()
	c.Issuer = "https://id.example.com"
	c.KeyEncryptionKey = NewSecret(testKey)
	c.Database.URL = NewSecret("postgres://curfew:hunter2@db.example.com/curfew")
	return c
}

func TestValidateAccepts(t *testing.T) {
	logo := write(t, "logo.svg", "<svg/>")
	places := geotest.File(t, map[string]geo.Place{"192.0.2.0/24": {City: "Berlin", Country: "DE"}})
	for name, change := range map[string]func(*Config){
		"defaults":             func(*Config) {},
		"http on localhost":    func(c *Config) { c.Issuer = "http://localhost:8080" },
		"http on a loopback":   func(c *Config) { c.Issuer = "http://127.0.0.1:8080" },
		"http on IPv6":         func(c *Config) { c.Issuer = "http://[::1]:8080" },
		"http under localhost": func(c *Config) { c.Issuer = "http://id.localhost:8080" },
		"https with a port":    func(c *Config) { c.Issuer = "https://id.example.com:8443" },
		"sqlite":               func(c *Config) { c.Database.URL = NewSecret("sqlite:data/curfew.db") },
		"sqlite url":           func(c *Config) { c.Database.URL = NewSecret("sqlite:///data/curfew.db") },
		"postgres socket":      func(c *Config) { c.Database.URL = NewSecret("postgres:///curfew?host=/run/postgresql") },
		"postgres hosts": func(c *Config) {
			c.Database.URL = NewSecret("postgresql://u@a:5432,b:5432/curfew?target_session_attrs=read-write")
		},
		"encoded password": func(c *Config) { c.Database.URL = NewSecret("postgres://u:p%40ss%3A@a/curfew") },
		"raw key":          func(c *Config) { c.KeyEncryptionKey = NewSecret(strings.TrimRight(testKey, "=")) },
		"url key":          func(c *Config) { c.KeyEncryptionKey = NewSecret("__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA") },
		"longest session":  func(c *Config) { c.Session.Absolute, c.Session.Idle = 400*day, 400*day },
		"sampled log":      func(c *Config) { c.Log.Requests = "1/100" },
		"logo":             func(c *Config) { c.Branding.Logo = logo },
		"places":           func(c *Config) { c.GeoIP.CityFile = places },
		"mail":             func(c *Config) { c.SMTP.Host, c.SMTP.From = "smtp.example.com", "id@example.com" },
		"mail in the clear on this machine": func(c *Config) {
			c.SMTP.Host, c.SMTP.From, c.SMTP.TLS, c.SMTP.Username, c.SMTP.Password = "localhost", "id@example.com", "none", "u", NewSecret("p")
		},
		"sms": func(c *Config) {
			c.SMS = SMS{URL: "https://sms.example.com", Account: "a", Token: NewSecret("t"), From: "+15550100"}
		},
	} {
		c := valid()
		change(c)
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidateRefuses(t *testing.T) {
	garbage := write(t, "garbage.mmdb", "<html>")
	big := write(t, "big.css", strings.Repeat("x", 256<<10+1))
	tests := []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Issuer = "http://id.example.com" }, "issuer: must be https"},
		{func(c *Config) { c.Issuer = "http://10.0.0.1" }, "issuer: must be https"},
		{func(c *Config) { c.Issuer = "http://localhost.example.com" }, "issuer: must be https"},
		{func(c *Config) { c.Issuer = "https://id.example.com/" }, "issuer: must not end in a slash"},
		{func(c *Config) { c.Issuer = "https://id.example.com/auth" }, "issuer: must have no path"},
		{func(c *Config) { c.Issuer = "https://id.example.com?a=b" }, "issuer: must have no query"},
		{func(c *Config) { c.Issuer = "https://id.example.com?" }, "issuer: must have no query"},
		{func(c *Config) { c.Issuer = "https://id.example.com#a" }, "issuer: must have no fragment"},
		{func(c *Config) { c.Issuer = "https://id.example.com#" }, "issuer: must have no fragment"},
		{func(c *Config) { c.Issuer = "https://u:p@id.example.com" }, "issuer: must not hold credentials"},
		{func(c *Config) { c.Issuer = "https://ID.example.com" }, "issuer: must be in lower case"},
		{func(c *Config) { c.Issuer = "HTTPS://id.example.com" }, "issuer: must be in lower case"},
		{func(c *Config) { c.Issuer = "https://id.example.com:443" }, "issuer: must not name the scheme's own port"},
		{func(c *Config) { c.Issuer = "http://localhost:80" }, "issuer: must not name the scheme's own port"},
		{func(c *Config) { c.Issuer = "https://id.example.com:" }, "issuer: must not name the scheme's own port"},
		{func(c *Config) { c.Issuer = "https://id.example.com." }, "issuer: must not end in a dot"},
		{func(c *Config) { c.Issuer = "https://bücher.example.com" }, "issuer: must be ASCII"},
		{func(c *Config) { c.Issuer = "id.example.com" }, "issuer: is not a URL"},
		{func(c *Config) { c.Issuer = "ftp://id.example.com" }, "issuer: is not a URL"},
		{func(c *Config) { c.Issuer = "https://" }, "issuer: is not a URL"},
		{func(c *Config) { c.Issuer = "" }, "issuer: missing"},
		{func(c *Config) { c.Listen = "8080" }, `listen: "8080" is not an address`},
		{func(c *Config) { c.Listen = ":99999" }, `listen: ":99999" is not an address`},
		{func(c *Config) { c.Listen = "" }, `listen: "" is not an address`},
		{func(c *Config) { c.MetricsListen = "x" }, "metrics_listen: "},
		{func(c *Config) { c.MetricsListen = c.Listen }, "metrics_listen: is the public address"},
		{func(c *Config) { c.KeyEncryptionKey = Secret{} }, "key_encryption_key: missing"},
		{func(c *Config) { c.KeyEncryptionKey = NewSecret("geheim!") }, "key_encryption_key: is not base64"},
		{func(c *Config) { c.KeyEncryptionKey = NewSecret("c2hvcnQ=") }, "key_encryption_key: has 5 bytes, not 32"},
		{func(c *Config) { c.KeyEncryptionKey = NewSecret(strings.Repeat("A", 43) + "=") }, "key_encryption_key: is not random"},
		{func(c *Config) { c.ShutdownTimeout = time.Hour }, "shutdown_timeout: is 1h, must be 1s to 10m"},
		{func(c *Config) { c.ShutdownTimeout = 0 }, "shutdown_timeout: is 0s"},
		{func(c *Config) { c.Locales = nil }, "locales: must name at least one"},
		{func(c *Config) { c.Locales = []string{"en", "english"} }, `locales: "english" is not`},
		{func(c *Config) { c.Locales = []string{"en", "en"} }, `locales: "en" is named twice`},
		{func(c *Config) { c.TrustedProxyHeader = "x-real-ip" }, `trusted_proxy_header: "x-real-ip" is not one of`},
		{func(c *Config) { c.Database.URL = Secret{} }, "database.url: missing"},
		{func(c *Config) { c.Database.URL = NewSecret("mysql://u:hunter2@a/b") }, "database.url: is neither"},
		{func(c *Config) { c.Database.URL = NewSecret("host=a user=b password=hunter2") }, "database.url: is neither"},
		{func(c *Config) { c.Database.URL = NewSecret("u:hunter2@db/curfew") }, "database.url: is neither"},
		{func(c *Config) { c.Database.URL = NewSecret(":memory:") }, "database.url: must be the path of a file"},
		{func(c *Config) { c.Database.URL = NewSecret("/var/lib/") }, "database.url: must be the path of a file"},
		{func(c *Config) { c.Database.URL = NewSecret("sqlite:") }, "database.url: must be the path of a file"},
		{func(c *Config) { c.Database.URL = NewSecret("postgres://u:hunter2@db") }, "database.url: names no database"},
		{func(c *Config) { c.Database.URL = NewSecret("postgres:///curfew") }, "database.url: names no host"},
		{func(c *Config) { c.Database.URL = NewSecret("postgres://u:hunter2@2@db/curfew") }, "database.url: is not a valid URL"},
		{func(c *Config) { c.Database.URL = NewSecret("postgres://u:hunter2%zz@db/curfew") }, "database.url: is not a valid URL"},
		{func(c *Config) { c.Database.URL = NewSecret("postgres://u:hunter2@a,b/curfew") }, "database.url: names several hosts"},
		{func(c *Config) { c.Database.URL = NewSecret("postgres://u:hunter2@a,b/c?target_session_attrs=any") }, "database.url: names several hosts"},
		{func(c *Config) { c.Database.MaxConnections = 1 }, "database.max_connections: is 1, must be 2 to 1000"},
		{func(c *Config) { c.Keys.RotateEvery = time.Hour; c.Keys.PublishAhead = 20 * time.Minute }, "keys.rotate_every: is 1h, must be 1d to 365d"},
		{func(c *Config) { c.Keys.PublishAhead = 16 * day }, "keys.publish_ahead: is 16d, must be 10m to 15d"},
		{func(c *Config) { c.Session.Absolute = 401 * day }, "session.absolute: is 401d, must be 1m to 400d"},
		{func(c *Config) { c.Session.Absolute, c.Session.Idle = day, 2*day }, "session.idle: is 2d, must be 1m to 1d"},
		{func(c *Config) { c.Session.Idle = time.Second }, "session.idle: is 1s"},
		{func(c *Config) { c.Session.Limit = -1 }, "session.limit: is -1"},
		{func(c *Config) { c.Session.LimitPolicy = "" }, `session.limit_policy: "" is not one of`},
		{func(c *Config) { c.Password.MinLength = 7 }, "password.min_length: is 7, must be 8 to 64"},
		{func(c *Config) { c.Password.BreachURL = "http://api.example.com" }, "password.breach_url: must be https"},
		{func(c *Config) { c.Password.BreachURL = "api.example.com" }, "password.breach_url: is not an http"},
		{func(c *Config) { c.SMTP.Host = "smtp.example.com:587"; c.SMTP.From = "a@example.com" }, "smtp.host: must be a host name"},
		{func(c *Config) { c.SMTP.Host = "smtp.example.com" }, "smtp.from: must be an address"},
		{func(c *Config) { c.SMTP.Host, c.SMTP.From, c.SMTP.Port = "a", "a@example.com", 0 }, "smtp.port: is 0"},
		{func(c *Config) { c.SMTP.Host, c.SMTP.From, c.SMTP.Username = "a", "a@example.com", "u" }, "smtp.password: missing"},
		{func(c *Config) { c.SMTP.Host, c.SMTP.From, c.SMTP.Password = "a", "a@example.com", NewSecret("p") }, "smtp.username: missing"},
		{func(c *Config) {
			c.SMTP = SMTP{Host: "a", From: "a@example.com", Port: 25, Username: "u", Password: NewSecret("p"), TLS: "none"}
		}, "smtp.tls: none would send smtp.password in the clear"},
		{func(c *Config) { c.SMTP.TLS = "ssl" }, `smtp.tls: "ssl" is not one of`},
		{func(c *Config) {
			c.SMS = SMS{URL: "http://sms.example.com", Account: "a", Token: NewSecret("t"), From: "f"}
		}, "sms.url: must be https"},
		{func(c *Config) {
			c.SMS = SMS{URL: "https://u:hunter2@sms.example.com", Account: "a", Token: NewSecret("t"), From: "f"}
		}, "sms.url: must not hold credentials"},
		{func(c *Config) { c.SMS = SMS{URL: "https://sms.example.com", Token: NewSecret("t"), From: "f"} }, "sms.account: missing"},
		{func(c *Config) { c.SMS = SMS{URL: "https://sms.example.com", Account: "a", From: "f"} }, "sms.token: missing"},
		{func(c *Config) { c.SMS = SMS{URL: "https://sms.example.com", Account: "a", Token: NewSecret("t")} }, "sms.from: missing"},
		{func(c *Config) { c.Branding.Name = "" }, "branding.name: must have"},
		{func(c *Config) { c.Branding.Name = strings.Repeat("x", 61) }, "branding.name: must have"},
		{func(c *Config) { c.Branding.Logo = "logo.gif" }, "branding.logo: logo.gif is not a .svg"},
		{func(c *Config) { c.GeoIP.CityFile = "none.mmdb" }, "geoip.city_file: cannot open none.mmdb: no such file"},
		{func(c *Config) { c.GeoIP.CityFile = garbage }, "geoip.city_file: " + garbage + " is not a usable MaxMind database"},
		{func(c *Config) { c.Branding.Logo = "none.svg" }, "branding.logo: cannot stat none.svg: no such file"},
		{func(c *Config) { c.Branding.Stylesheet = big }, "branding.stylesheet: " + big + " is larger"},
		{func(c *Config) { c.Log.Level = "loud" }, `log.level: "loud" is not one of`},
		{func(c *Config) { c.Log.Requests = "some" }, `log.requests: "some" is not all`},
		{func(c *Config) { c.OTel.Endpoint = "localhost:4318" }, "otel.endpoint: is not an http"},
		{func(c *Config) { c.OTel.SampleRatio = 0 }, "otel.sample_ratio: must be above 0"},
		{func(c *Config) { c.OTel.SampleRatio = 2 }, "otel.sample_ratio: must be above 0"},
		{func(c *Config) { c.OTel.SampleRatio = math.NaN() }, "otel.sample_ratio: must be above 0"},
	}
	for _, tt := range tests {
		c := valid()
		tt.change(c)
		err := c.Validate()
		if err == nil {
			t.Errorf("accepted, want %q", tt.want)
			continue
		}
		if !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), password) {
			t.Errorf("%q\nwant %q", err, tt.want)
		}
	}
	if err := new(Config).Validate(); err == nil {
		t.Error("the zero value is valid")
	}
}

func TestWarnings(t *testing.T) {
	kek := write(t, "kek", testKey)
	if err := os.Chmod(kek, 0o644); err != nil {
		t.Fatal(err)
	}
	quiet := func() *Config {
		c := valid()
		c.SMTP.Host, c.TrustedProxies = "smtp.example.com", mustNetworks("10.0.0.0/8")
		return c
	}
	for want, change := range map[string]func(*Config){
		"":                        func(*Config) {},
		"database.url: SQLite":    func(c *Config) { c.Database.URL = NewSecret("curfew.db") },
		"database.url: sslmode=":  func(c *Config) { c.Database.URL = NewSecret("postgres://u@db:5432/c?sslmode=disable") },
		"smtp.host: not set":      func(c *Config) { c.SMTP.Host = "" },
		"smtp.tls: none":          func(c *Config) { c.SMTP.TLS = "none" },
		"key_encryption_key_file": func(c *Config) { c.KeyEncryptionKeyFile = kek },
		"trusted_proxies: not":    func(c *Config) { c.TrustedProxies = nil },
	} {
		c := quiet()
		change(c)
		got := Problems(c.Warnings()).Error()
		if !strings.HasPrefix(got, want) || want == "" && got != "" || strings.Contains(got, "\n") {
			t.Errorf("%q, want %q", got, want)
		}
	}
	c := quiet()
	c.Database.URL = NewSecret("postgres://u@[::1]:5432,localhost/c?sslmode=disable")
	if w := c.Warnings(); len(w) != 0 {
		t.Errorf("on this machine: %v", w)
	}
}

func mustNetworks(list ...string) (out []netip.Prefix) {
	out, err := networks(list)
	if err != nil {
		panic(err)
	}
	return out
}

func TestSecretsStayIn(t *testing.T) {
	c := valid()
	c.SMTP.Password = NewSecret(password)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", c, "secret", c.SMTP.Password, "url", &c.Database.URL, "db", c.Database)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{c.String(), log.String(), string(asJSON)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		printed = append(printed, fmt.Sprintf(verb, c), fmt.Sprintf(verb, *c), fmt.Sprintf(verb, c.SMTP), fmt.Sprintf(verb, c.Database.URL), fmt.Sprintf(verb, &c.SMTP.Password))
	}
	for _, s := range printed {
		for _, secret := range []string{password, testKey, fmt.Sprintf("%x", password), fmt.Sprintf("%X", password)} {
			if strings.Contains(s, secret) {
				t.Errorf("%q is printed in %q", secret, s)
			}
		}
	}
	if !strings.Contains(c.String(), "smtp.password: [set]\n") || !strings.Contains(c.String(), "sms.token: \n") {
		t.Error(c.String())
	}
}

func TestDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{"90s": 90 * time.Second, "12h": 12 * time.Hour, "30d": 30 * day, "1d12h": 36 * time.Hour, "0d": 0, "0s": 0, "400d": 400 * day} {
		if got, err := ParseDuration(s); err != nil || got != want {
			t.Errorf("%s: %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "0", "30", "-1h", "1d-1h", "d", "1.5d", "1d1d", "1h1d", "99999999999d", "65535d2540400h", "1w", "x", " 1h"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("%q is %s", s, got)
		}
	}
	for d, want := range map[time.Duration]string{30 * day: "30d", 36 * time.Hour: "1d12h", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", 0: "0s", time.Hour + time.Minute: "1h1m", 250 * time.Millisecond: "250ms"} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

var update = flag.Bool("update", false, "write docs/config.md")

// TestReference keeps docs/config.md true.
func TestReference(t *testing.T) {
	path := filepath.Join("..", "docs", "config.md")
	if *update {
		if err := os.WriteFile(path, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), Reference()); diff != "" {
		t.Errorf("docs/config.md is not what the code says (go test ./config -update writes it):\n%s", diff)
	}
}

// TestReferenceExample: the example is a file that starts, once its secrets are there.
func TestReferenceExample(t *testing.T) {
	text := strings.NewReplacer("/run/secrets/key_encryption_key", write(t, "kek", testKey), "/run/secrets/smtp_password", write(t, "smtp", "p"),
		"/run/secrets/database_url", write(t, "db", "postgres://u:p@db/curfew")).Replace(referenceExample)
	c, err := Load(Sources{File: write(t, "curfew.yaml", text)})
	if err != nil {
		t.Fatal(err)
	}
	if w := c.Warnings(); len(w) != 0 {
		t.Errorf("%v", w)
	}
}
