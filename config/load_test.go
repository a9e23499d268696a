package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	testKey  = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=" // opens nothing but these tests
	minimal  = "issuer: https://id.example.com\nkey_encryption_key: " + testKey + "\ndatabase:\n  url: postgres://curfew:hunter2@db.example.com/curfew\n"
	password = "hunter2"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadMinimal(t *testing.T) {
	c, err := Load(Sources{File: write(t, "curfew.yaml", minimal)})
	if err != nil {
		t.Fatal(err)
	}
	if c.Issuer != "https://id.example.com" || len(c.MasterKey()) != 32 || c.Session.Absolute != 720*time.Hour ||
		c.Session.Idle != 168*time.Hour || c.Keys.PublishAhead != day || !cmp.Equal(c.Locales, []string{"en", "de"}) ||
		c.MetricsListen != "127.0.0.1:9464" || !c.Signup.Enabled || c.SMTP.TLS != "starttls" {
		t.Errorf("%s", c)
	}
	if engine, target := c.Database.Engine(); engine != Postgres || !strings.Contains(target, password) {
		t.Errorf("engine %q", engine)
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, "curfew.yaml", minimal+"listen: :1\nsession: {idle: 1h, limit: 3}\nlocales: [de, en]\nlog: {format: text}\nsignup: {enabled: false}\n")
	c, err := Load(Sources{
		File: file,
		Environ: []string{"CURFEW_LISTEN=:2", "CURFEW_SESSION_IDLE=2h", "CURFEW_LOCALES=en, fr", "CURFEW_LOG_FORMAT=", "CURFEW_METRICS_LISTEN=none",
			"CURFEW_TRUSTED_PROXIES=10.0.0.0/8,192.0.2.1", "CURFEW_CONFIG=" + file, "CURFEW_TEST_POSTGRES=x", "PATH=/bin",
			// What Kubernetes sets beside services named curfew and curfew-db.
			"CURFEW_SERVICE_HOST=10.96.0.1", "CURFEW_SERVICE_PORT=80", "CURFEW_SERVICE_PORT_HTTP=80", "CURFEW_PORT=tcp://10.96.0.1:80",
			"CURFEW_PORT_80_TCP=tcp://10.96.0.1:80", "CURFEW_PORT_80_TCP_ADDR=10.96.0.1", "CURFEW_DB_SERVICE_HOST=10.96.0.2", "CURFEW_DB_PORT=tcp://10.96.0.2:5432"},
		Flags: map[string]string{"listen": ":3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != ":3" || c.Session.Idle != 2*time.Hour || c.Session.Limit != 3 || !cmp.Equal(c.Locales, []string{"en", "fr"}) ||
		c.Log.Format != "text" || c.Signup.Enabled || c.MetricsListen != "" || len(c.TrustedProxies) != 2 || c.TrustedProxies[1].String() != "192.0.2.1/32" {
		t.Errorf("%s", c)
	}
}

// TestEveryField sets each field through the environment and reads it back, so that none is left out of the wiring.
func TestEveryField(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Fields() {
		if seen[f.Env] || f.Flag != "" && seen[f.Flag] || f.Doc == "" || f.Env != EnvPrefix+strings.ToUpper(strings.ReplaceAll(f.Key, ".", "_")) {
			t.Errorf("%s: %s and %s are not its own, or it says nothing", f.Key, f.Env, f.Flag)
		}
		seen[f.Env], seen[f.Flag] = true, true
		if foreign.MatchString(f.Env) {
			t.Errorf("%s would be taken for somebody else's", f.Env)
		}
		value := map[string]string{"text": "some", "secret": "some", "number": "7", "share": "0.5", "true or false": "false", "duration": "90s",
			"list of texts": "a,b", "list of networks": "10.0.0.0/8"}[f.Type]
		if len(f.OneOf) > 0 {
			value = f.OneOf[len(f.OneOf)-1]
		}
		c, problems := read(Sources{Environ: []string{f.Env + "=" + value}})
		for _, p := range problems { // the _file fields name a file that is not there
			if p.Key != f.Key || !strings.Contains(p.Text, "no such file") {
				t.Errorf("%s", p)
			}
		}
		want := value
		if f.Type == "duration" {
			want = "1m30s"
		}
		if f.Secret {
			want = "[set]"
		}
		if got := f.text(c); got != want {
			t.Errorf("%s is %q, want %q", f.Key, got, want)
		}
	}
}

func TestSecretFiles(t *testing.T) {
	c, err := Load(Sources{Environ: []string{
		"CURFEW_ISSUER=https://id.example.com",
		"CURFEW_KEY_ENCRYPTION_KEY_FILE=" + write(t, "kek", testKey+"\n"),
		"CURFEW_DATABASE_URL_FILE=" + write(t, "db", "/var/lib/curfew/curfew.db\r\n"),
		"CURFEW_SMTP_HOST=smtp.example.com", "CURFEW_SMTP_FROM=Example <id@example.com>", "CURFEW_SMTP_USERNAME=id",
		"CURFEW_SMTP_PASSWORD_FILE=" + write(t, "smtp", password),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if engine, path := c.Database.Engine(); engine != SQLite || path != "/var/lib/curfew/curfew.db" || c.SMTP.Password.Reveal() != password || len(c.MasterKey()) != 32 {
		t.Errorf("%s", c)
	}
}

// TestLoadRefuses: each case is added to settings that are fine, and gives exactly the lines that are named.
func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	empty := write(t, "empty", "\n")
	tests := []struct {
		name string
		yaml string
		env  []string
		flag map[string]string
		want []string // beginnings of the lines; FILE stands for the file
	}{
		{"misspelt key", "isuer: x", nil, nil, []string{"isuer: unknown key in FILE; the nearest is issuer"}},
		{"misspelt section", "sesion: {idle: 1h}", nil, nil, []string{"sesion.idle: unknown key in FILE; the nearest is session.idle"}},
		{"misspelt in a section", "smtp: {hots: x}", nil, nil, []string{"smtp.hots: unknown key in FILE; the nearest is smtp.host"}},
		{"key outside its section", "breach_url: x", nil, nil, []string{"breach_url: unknown key in FILE; the nearest is password.breach_url"}},
		{"other case", "Listen: x", nil, nil, []string{"Listen: unknown key in FILE; the nearest is listen"}},
		{"unknown with nothing", "what:", nil, nil, []string{"what: unknown key in FILE; the nearest is"}},
		{"too deep", "listen: {port: 80}", nil, nil, []string{"listen.port: unknown key in FILE; the nearest is listen"}},
		{"section as value", "smtp: mail.example.com", nil, nil, []string{"smtp: is a section"}},
		{"misspelt variable", "", []string{"CURFEW_SESION_IDLE=1h"}, nil, []string{"CURFEW_SESION_IDLE: unknown variable; the nearest is CURFEW_SESSION_IDLE"}},
		{"misspelt port", "", []string{"CURFEW_STMP_PORT=25"}, nil, []string{"CURFEW_STMP_PORT: unknown variable; the nearest is CURFEW_SMTP_PORT"}},
		{"empty misspelt variable", "", []string{"CURFEW_LISTN="}, nil, []string{"CURFEW_LISTN: unknown variable; the nearest is CURFEW_LISTEN"}},
		{"unknown flag", "", nil, map[string]string{"nope": "1"}, []string{"nope: there is no such flag"}},
		{"secret as flag", "", nil, map[string]string{"smtp.password": "x"}, []string{"smtp.password: there is no such flag"}},
		{"key twice", "listen: :1\nlisten: :2", nil, nil, []string{"FILE: yaml: "}},
		{"broken yaml", "a: [", nil, nil, []string{"FILE: yaml: "}},

		{"number as text", "branding: {name: 42}", nil, nil, []string{"branding.name: must be text; write it in quotes (from FILE)"}},
		{"number as secret", "sms: {token: 0123}", nil, nil, []string{"sms.token: must be text; write it in quotes"}},
		{"list as text", "listen: [a]", nil, nil, []string{"listen: must be text"}},
		{"bare number as duration", "session: {idle: 30}", nil, nil, []string{`session.idle: "30" is not a duration such as 90s, 12h or 30d (from FILE)`}},
		{"negative duration", "", []string{"CURFEW_SESSION_IDLE=-1h"}, nil, []string{`session.idle: "-1h" is not a duration such as 90s, 12h or 30d (from CURFEW_SESSION_IDLE)`}},
		{"not a number", "", nil, map[string]string{"session.limit": "many"}, []string{`session.limit: "many" is not a whole number (from --session-limit)`}},
		{"not a share", "otel: {sample_ratio: half}", nil, nil, []string{`otel.sample_ratio: "half" is not a number`}},
		{"not a boolean", "signup: {enabled: 'yes'}", nil, nil, []string{`signup.enabled: "yes" is neither true nor false`}},
		{"not a list", "locales: {a: b}", nil, nil, []string{"locales.a: unknown key"}},
		{"number as list", "locales: 3", nil, nil, []string{"locales: must be a list"}},
		{"number in a list", "locales: [3]", nil, nil, []string{"locales: 3 in the list must be text"}},
		{"not one of", "log: {format: xml}", nil, nil, []string{`log.format: "xml" is not one of json, text`}},
		{"not a network", "trusted_proxies: [proxy.example.com]", nil, nil, []string{`trusted_proxies: "proxy.example.com" is neither a network`}},
		{"network with host bits", "trusted_proxies: [10.0.0.1/8]", nil, nil, []string{`trusted_proxies: "10.0.0.1/8" has bits set beyond its length; write 10.0.0.0/8`}},
		{"every network", "trusted_proxies: [0.0.0.0/0]", nil, nil, []string{`trusted_proxies: "0.0.0.0/0" is every address`}},
		{"every private network", "outgoing: {allow_private: ['::/0']}", nil, nil, []string{`outgoing.allow_private: "::/0" is every address`}},
		{"mapped network", "outgoing: {allow_private: ['::ffff:10.0.0.0/104']}", nil, nil, []string{`outgoing.allow_private: "::ffff:10.0.0.0/104" must be written as IPv4`}},

		{"secret file missing", "sms: {token_file: " + dir + "/none}", nil, nil, []string{"sms.token_file: cannot open " + dir + "/none: no such file"}},
		{"secret file empty", "sms: {token_file: " + empty + "}", nil, nil, []string{"sms.token_file: " + empty + " is empty"}},
		{"secret twice", "key_encryption_key_file: x", nil, nil, []string{"key_encryption_key_file: is set as well as key_encryption_key"}},
		{"several at once", "isuer: x\nsession: {idle: x}", []string{"CURFEW_X=1"}, nil,
			[]string{"isuer: unknown key", `session.idle: "x"`, "CURFEW_X: unknown variable"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := write(t, "curfew.yaml", minimal+tt.yaml+"\n")
			c, err := Load(Sources{File: file, Environ: tt.env, Flags: tt.flag})
			if err == nil || c != nil {
				t.Fatalf("accepted: %s", c)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Fatalf("%d lines, want %d:\n%s", len(lines), len(tt.want), err)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(lines[i], strings.ReplaceAll(want, "FILE", file)) && !strings.Contains(lines[i], strings.ReplaceAll(want, "FILE", file)) {
					t.Errorf("line %q\nwant %q", lines[i], want)
				}
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("a secret is in %q", err)
			}
		})
	}
}

func TestLoadNothing(t *testing.T) {
	_, err := Load(Sources{})
	want := "issuer: missing; set it to the address people reach curfew under, such as https://id.example.com\n" +
		"key_encryption_key: missing; make one with: openssl rand -base64 32\n" +
		"database.url: missing; set it to postgres://user:password@host/name or the path of an SQLite file"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	missing := filepath.Join(t.TempDir(), "none.yaml")
	if _, err = Load(Sources{File: missing}); err == nil || !strings.HasPrefix(err.Error(), missing+": cannot open "+missing+": no such file") {
		t.Errorf("%v", err)
	}
	if _, err = Load(Sources{File: write(t, "empty.yaml", "")}); err == nil || err.Error() != want {
		t.Errorf("an empty file: %v", err)
	}
}
