package rp

import (
	"math"
	"sync"
	"time"
)

const (
	// deniedFor is how long a resource server remembers an end: a token's life and half a minute.
	deniedFor = 90 * time.Second
	// tombstoneFor is how long an application does: longer than a sign-in callback or a renewal that was under way can take.
	tombstoneFor = 2 * time.Minute
	// maxEnded bounds the memory, some 20 MiB. What is forgotten early dies by its exp, as without being told.
	maxEnded = 1 << 17
)

// SessionEnd is one thing said about sessions that have ended. SessionID names one; without it all sessions are meant that
// had begun by EndedAt: those of Subject, or those in which ClientID took part, or, with neither, everybody's.
type SessionEnd struct {
	SessionID string
	Subject   string
	ClientID  string    // set only when all sessions with a client ended at once
	Reason    string    // the provider's word, signed_out or replaced for example; empty if the channel does not tell
	Status    string    // of the session at the provider now, ended or revoked for example; empty likewise
	EndedAt   time.Time // by the provider's clock; zero if the channel does not tell
	Channel   Channel
}

// Channel is how an application learned of an end.
type Channel string

// The channels. Several may tell of the same end.
const (
	ChannelBack     Channel = "back_channel"  // a logout token
	ChannelFront    Channel = "front_channel" // a frame in the user's browser
	ChannelPush     Channel = "push"          // App.Follow with Push
	ChannelDenyList Channel = "deny_list"     // App.Follow with DenyList
	ChannelRenewal  Channel = "renewal"       // the provider refused to renew the session's token
)

// endedSet remembers for a while what has ended, so that tokens which are not dead yet are refused and what was under way
// when the session ended does not bring it back.
type endedSet struct {
	ttl   time.Duration
	limit int
	now   func() time.Time

	mu    sync.RWMutex
	ends  map[endedKey]endedEntry
	order []endedDate // oldest first; all live equally long
}

type endedKey struct{ kind, id string }

const (
	endedSession   = "sid"
	endedSubject   = "sub"
	endedClient    = "client"
	endedEverybody = "all"
)

type endedEntry struct {
	at    int64 // seconds since 1970: what was issued by then is dead
	until time.Time
}

type endedDate struct {
	key   endedKey
	until time.Time
}

func newEndedSet(ttl time.Duration, limit int, now func() time.Time) *endedSet {
	return &endedSet{ttl: ttl, limit: limit, now: now, ends: map[endedKey]endedEntry{}}
}

// keyOf returns what an end is remembered under, and what was issued until when is dead.
func keyOf(e SessionEnd) (key endedKey, at int64) {
	switch {
	case e.SessionID != "":
		return endedKey{endedSession, e.SessionID}, math.MaxInt64 // an ended session never lives again
	case e.Subject != "":
		return endedKey{endedSubject, e.Subject}, e.EndedAt.Unix()
	case e.ClientID != "":
		return endedKey{endedClient, e.ClientID}, e.EndedAt.Unix()
	}
	return endedKey{kind: endedEverybody}, e.EndedAt.Unix()
}

// has reports whether an end is known already.
func (s *endedSet) has(e SessionEnd) bool {
	key, at := keyOf(e)
	s.mu.RLock()
	defer s.mu.RUnlock()
	have, ok := s.ends[key]
	return ok && have.at >= at && s.now().Before(have.until)
}

func (s *endedSet) add(e SessionEnd) {
	if s.has(e) {
		return
	}
	key, at := keyOf(e)
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	at = max(at, s.ends[key].at)
	for len(s.order) > 0 && (len(s.order) >= s.limit || !now.Before(s.order[0].until)) {
		if oldest := s.order[0]; s.ends[oldest.key].until.Equal(oldest.until) { // else it was told again since
			delete(s.ends, oldest.key)
		}
		s.order = s.order[1:]
	}
	until := now.Add(s.ttl)
	s.ends[key] = endedEntry{at, until}
	s.order = append(s.order, endedDate{key, until})
}

// refuses reports whether a token or a sign-in of a session, issued at a moment of the provider's clock, is of one that has
// ended. Both moments are whole seconds, and within the same one nobody can say which was first: it is refused.
func (s *endedSet) refuses(sid, sub, clientID string, issued time.Time) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.ends) == 0 {
		return false
	}
	now := s.now()
	keys := [...]endedKey{{endedSubject, sub}, {endedSession, sid}, {endedClient, clientID}, {kind: endedEverybody}}
	from := keys[:]
	if sid == "" { // of a client in its own name: no session of anybody's
		from = keys[:1]
	}
	for _, key := range from {
		if e, ok := s.ends[key]; ok && issued.Unix() <= e.at && now.Before(e.until) {
			return true
		}
	}
	return false
}
