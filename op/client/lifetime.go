package client

import "time"

// Limits are what is configured for all sessions; a client can have less of it, never more.
type Limits struct{ Lifetime, Idle time.Duration }

// The least that a client can ask for, in seconds. An app refreshes once a minute, and a shorter idle timeout than five of
// those would end sessions that are in use.
const (
	minLifetime    = 60
	minIdleTimeout = 5 * 60
)

// SetLimits tells the registry what is configured; without it any limit of a client's own is taken. It must be called before
// the registry is used by others.
func (r *Registry) SetLimits(l Limits) { r.limits = l }

func (m *Metadata) checkLifetimes() error {
	if m.SessionLifetime != 0 && m.SessionLifetime < minLifetime {
		return bad("session_lifetime", "must be at least %d seconds", minLifetime)
	}
	if m.SessionIdleTimeout != 0 && m.SessionIdleTimeout < minIdleTimeout {
		return bad("session_idle_timeout", "must be at least %d seconds", minIdleTimeout)
	}
	return nil
}

// check refuses more than is configured, but not what a client has had since before the configuration allowed less: it
// does no harm, since the session's own limits count as well, and would keep other members from being changed.
func (l Limits) check(was, m Metadata) error {
	for _, x := range []struct {
		field    string
		was, now int64
		most     time.Duration
	}{{"session_lifetime", was.SessionLifetime, m.SessionLifetime, l.Lifetime},
		{"session_idle_timeout", was.SessionIdleTimeout, m.SessionIdleTimeout, l.Idle}} {
		if most := int64(x.most / time.Second); x.now != x.was && most > 0 && x.now > most {
			return bad(x.field, "must be at most %d seconds, as it is for all", most)
		}
	}
	return nil
}

// Until is when a session ends for this client that the person has authenticated for at an instant; zero where the client
// has no limit of its own.
func (c *Client) Until(authenticatedAt time.Time) time.Time {
	if c.SessionLifetime == 0 {
		return time.Time{}
	}
	return authenticatedAt.Add(seconds(c.SessionLifetime))
}

// IdleTimeout is the client's own, zero for none.
func (c *Client) IdleTimeout() time.Duration { return seconds(c.SessionIdleTimeout) }

// Counts tells whether a session can be used at now for this client as far as the client's own limits go. longestPause is
// the longest time without any use since the authentication: a pause that was too long for this client is not made
// good by the use of another one.
func (c *Client) Counts(authenticatedAt, lastActiveAt time.Time, longestPause time.Duration, now time.Time) bool {
	if until := c.Until(authenticatedAt); !until.IsZero() && !now.Before(until) {
		return false
	}
	idle := c.IdleTimeout()
	return idle == 0 || max(longestPause, now.Sub(lastActiveAt)) < idle
}

// seconds is bounded: a number of seconds may be more than a time.Duration holds.
func seconds(n int64) time.Duration { return time.Duration(min(n, 1<<32)) * time.Second }
