package config

import (
	"os"
	"strings"
)

// Warnings tells what may be meant but should be known: none of it stops the start.
func (c *Config) Warnings() []Problem {
	var w Problems
	switch engine, target := c.Database.Engine(); engine {
	case SQLite:
		w.add("database.url", "SQLite serves one process on one machine; use PostgreSQL for more")
	case Postgres:
		hosts, _, params, err := splitPostgres(target)
		if mode := params.Get("sslmode"); err == nil && (mode == "disable" || mode == "allow") && !local(hosts) {
			w.add("database.url", "sslmode="+mode+" lets everything cross the network in the clear")
		}
	}
	if c.SMTP.Host == "" && !c.Webhooks.DeliverMail {
		w.add("smtp.host", "not set: no address can be verified and no password reset")
	}
	if c.SMTP.Host != "" && c.SMTP.TLS == "none" && !loopback(c.SMTP.Host) {
		w.add("smtp.tls", "none: codes and reset links cross the network in the clear")
	}
	if info, err := os.Stat(c.KeyEncryptionKeyFile); c.KeyEncryptionKeyFile != "" && err == nil && info.Mode().Perm()&0o007 != 0 {
		w.add("key_encryption_key_file", c.KeyEncryptionKeyFile+" can be read by every user of this machine")
	}
	if len(c.TrustedProxies) == 0 && strings.HasPrefix(c.Issuer, "https:") {
		w.add("trusted_proxies", "not set: all requests through a proxy seem to come from its address, and are throttled as one")
	}
	return w
}

func local(hosts string) bool {
	if hosts == "" { // a socket
		return true
	}
	for h := range strings.SplitSeq(hosts, ",") {
		if i := strings.LastIndexByte(h, ':'); i > strings.LastIndexByte(h, ']') {
			h = h[:i]
		}
		if !loopback(strings.Trim(h, "[]")) {
			return false
		}
	}
	return true
}
