package account

import "github.com/curfew-id/curfew/op/session"

// deviceName says in words what a User-Agent header claims to be: "Firefox on Linux"; "" for one that says nothing known.
func deviceName(userAgent, locale string) string { return session.ParseAgent(userAgent).Name(locale) }

func isMobile(userAgent string) bool { return session.ParseAgent(userAgent).Mobile }
