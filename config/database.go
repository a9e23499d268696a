package config

import (
	"errors"
	"net/url"
	"strings"
)

// Engines of Database.Engine.
const (
	Postgres = "postgres"
	SQLite   = "sqlite"
)

// Engine tells which engine the URL means and what to open: the whole URL of PostgreSQL, the path of an SQLite file
// (written bare or after sqlite:). The engine is "" if it means neither.
func (d Database) Engine() (engine, target string) {
	s := d.URL.Reveal()
	switch scheme, rest, found := strings.Cut(s, "://"); {
	case s == "":
		return "", ""
	case found && (scheme == "postgres" || scheme == "postgresql"):
		return Postgres, s
	case found && scheme == "sqlite":
		return SQLite, rest // sqlite:///var/lib/curfew.db: no host, an absolute path
	case found:
		return "", ""
	}
	if strings.Contains(s, "=") && strings.Contains(s, " ") || strings.Contains(s, "@") {
		return "", "" // PostgreSQL's key=value form, or a URL without its scheme: no file is meant
	}
	return SQLite, strings.TrimPrefix(s, "sqlite:")
}

// check never repeats the URL: it holds a password.
func (d Database) check() error {
	engine, target := d.Engine()
	switch {
	case !d.URL.IsSet():
		return errors.New("missing; set it to postgres://user:password@host/name or the path of an SQLite file")
	case engine == "":
		return errors.New("is neither postgres://user:password@host/name nor the path of an SQLite file")
	case engine == SQLite && (target == "" || strings.HasSuffix(target, "/") || strings.Contains(target, ":memory:")):
		return errors.New("must be the path of a file; nothing else keeps sessions over a restart")
	case engine == Postgres:
		return checkPostgres(target)
	}
	return nil
}

func checkPostgres(s string) error {
	hosts, name, params, err := splitPostgres(s)
	switch {
	case err != nil:
		return errors.New("is not a valid URL; encode special characters of the password, such as @ as %40")
	case hosts == "" && params.Get("host") == "":
		return errors.New("names no host")
	case name == "" && params.Get("dbname") == "":
		return errors.New("names no database; append /name")
	}
	// Session state is read from the primary only. With several hosts the driver takes the first that answers, which
	// after a failover is a standby.
	if strings.Contains(hosts+params.Get("host"), ",") {
		if t := params.Get("target_session_attrs"); t != "read-write" && t != "primary" {
			return errors.New("names several hosts; append target_session_attrs=read-write")
		}
	}
	return nil
}

// splitPostgres reads what is needed here by hand: a list of hosts is no valid URL.
func splitPostgres(s string) (hosts, name string, params url.Values, err error) {
	_, s, _ = strings.Cut(s, "://")
	s, query, _ := strings.Cut(s, "?")
	authority, name, _ := strings.Cut(s, "/")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, password, _ := strings.Cut(authority[:i], ":")
		for _, part := range []string{user, password} {
			if _, err := url.PathUnescape(part); err != nil || strings.ContainsAny(part, "@ #") {
				return "", "", nil, errors.New("user or password is not encoded")
			}
		}
		authority = authority[i+1:]
	}
	params, err = url.ParseQuery(query)
	return authority, name, params, err
}
