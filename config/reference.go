package config

import (
	"fmt"
	"strings"
)

const referenceHead = `# Configuration

<!-- Generated from package config. After a change there: go test ./config -update -->

Every setting of ` + "`curfew serve`" + ` can be given in a YAML file, in the environment and as a flag; a flag wins over the
environment, the environment over the file. Flags are named after the key with dashes (` + "`--session-idle 12h`" + `); secrets
have none, since every user of a machine can read the command lines on it. An empty variable is one that is not set.
Lists are written with commas in variables and flags. Durations are written ` + "`90s`, `12h`, `30d`" + `.

The start stops at the first look with one line for everything that is wrong: unknown keys and ` + "`CURFEW_`" + ` variables
(with the nearest that exists), values that cannot be, and what is missing. ` + "`curfew config check`" + ` does only that.

A complete file for one replica behind a proxy:

` + "```yaml\n" + referenceExample + "```\n"

const referenceExample = `issuer: https://id.example.com
listen: 0.0.0.0:8080
trusted_proxies: [10.0.0.0/24]
key_encryption_key_file: /run/secrets/key_encryption_key
database:
  url_file: /run/secrets/database_url
smtp:
  host: smtp.example.com
  username: id@example.com
  password_file: /run/secrets/smtp_password
  from: Example <id@example.com>
session:
  absolute: 30d
  idle: 7d
branding:
  name: Example
`

// Reference returns docs/config.md.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, s := range Sections() {
		if s.Key == "" {
			b.WriteString("\n## Server\n")
		} else {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.Key, s.Doc)
		}
		b.WriteString("\n| Key | Variable | Type | Default | |\n|---|---|---|---|---|\n")
		for _, f := range s.Fields {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", f.Key, f.Env, kind(f), quoted(f.Default), cell(f.Doc))
		}
	}
	return b.String()
}

func kind(f Field) string {
	if len(f.OneOf) == 0 {
		return f.Type
	}
	list := make([]string, len(f.OneOf))
	for i, s := range f.OneOf {
		list[i] = quoted(s)
	}
	return strings.Join(list, ", ")
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;").Replace(s)
}
