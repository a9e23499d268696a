package op_test

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// model is what must be true of sessions and tokens, in plain memory and without a thought for how it is done. The steps
// change it as the promises of curfew say and compare what the real parts answer.
type model struct {
	limit  int
	refuse bool // beyond the limit, instead of replacing

	users    []*modelUser
	browsers []*modelBrowser
	sessions []*modelSession // as they were begun
	families []*modelFamily
	codes    []*modelCode
	access   []*modelAccess
	consents map[[2]string]bool // user and client

	used      map[*modelSession]time.Time // seen in memory, not written yet
	ended     []*modelSession             // by the step under way
	endedMany []modelMove                 // by the step under way
}

type modelUser struct {
	id       string
	admin    bool
	disabled bool
	limit    int
}

// modelBrowser is a cookie jar.
type modelBrowser struct{ device, session string }

type modelSession struct {
	id         string
	user       *modelUser
	browser    *modelBrowser // nil for lasting access
	cookie     string        // the value that is good
	superseded []string      // values that were
	lastActive time.Time     // as written
	idle       time.Duration
	expires    time.Time
	moves      map[string]modelMove // of epochs since it began, by whose; the last of each
	clients    []string
	left       bool // its device was forgotten
	end        *logout.Cause
}

// modelMove is an end of all sessions of a user, of a client, or where both are empty of everybody.
type modelMove struct {
	user, client string
	cause        logout.Cause
	at           time.Time
}

type modelFamily struct {
	id            string
	session       *modelSession
	client        *modelClient
	generation    int64
	rotated       time.Time
	revoked       bool
	tokens        map[int64]string
	reuse, revoke int // events that the audit must hold
}

type modelCode struct {
	value    string
	family   string
	client   *modelClient
	session  *modelSession
	offline  bool
	expires  time.Time
	redeemed *modelFamily
	deleted  bool
	reused   int // events that the audit must hold
}

type modelAccess struct {
	value   string
	family  *modelFamily
	expires int64 // Unix seconds
}

// modelClient is a client of the kit as far as it matters here.
type modelClient struct {
	id      string
	rotates bool
	told    bool // by the back channel
}

// stands is where a session stands: what ended it, or what ends it when somebody looks.
func (s *modelSession) stands(now time.Time) storage.SessionStatus {
	switch {
	case s.end != nil:
		return s.end.Status
	case !s.expires.After(now):
		return storage.StatusExpired
	case !s.abandon().After(now):
		return storage.StatusAbandoned
	case len(s.moves) > 0:
		return storage.StatusRevoked
	}
	return storage.StatusActive
}

func (s *modelSession) live(now time.Time) bool { return s.stands(now) == storage.StatusActive }

func (s *modelSession) abandon() time.Time { return s.lastActive.Add(s.idle) }

// overdue is why a session ends that nobody has ended: of several moves the first that is still known.
func (s *modelSession) overdue(now time.Time) logout.Cause {
	switch s.stands(now) {
	case storage.StatusExpired:
		return logout.Cause{Status: storage.StatusExpired, Reason: logout.Expired, By: logout.System}
	case storage.StatusAbandoned:
		return logout.Cause{Status: storage.StatusAbandoned, Reason: logout.Idle, By: logout.System}
	}
	return slices.MinFunc(slices.Collect(maps.Values(s.moves)), func(a, b modelMove) int { return a.at.Compare(b.at) }).cause
}

func (s *modelSession) takePart(clientID string) {
	if !slices.Contains(s.clients, clientID) {
		s.clients = append(s.clients, clientID)
		slices.Sort(s.clients)
	}
}

func (f *modelFamily) live(now time.Time) bool { return !f.revoked && f.session.live(now) }

// use notes that a session was used. It is written when the row says something much older.
func (m *model) use(s *modelSession, now time.Time) {
	if now.Sub(s.lastActive) >= min(max(s.idle/100, 5*time.Second), 5*time.Minute) {
		m.used[s] = now
	}
}

// flush writes uses. One that was in time but is written when the idle time has run out comes too late: the session may have
// been refused since, and an end is for ever.
func (m *model) flush(now time.Time) {
	for s, at := range m.used {
		if s.end == nil && s.lastActive.Before(at) && s.abandon().After(now) {
			s.lastActive = at
		}
	}
	clear(m.used)
}

// end ends a session, unless it has ended: an end is for ever.
func (m *model) end(s *modelSession, c logout.Cause) {
	if s.end != nil {
		return
	}
	s.end = &c
	m.ended = append(m.ended, s)
	for _, f := range m.families {
		if f.session == s {
			f.revoked = true
		}
	}
}

// endMany ends all sessions that fit at once, without their rows.
func (m *model) endMany(move modelMove, fits func(*modelSession) bool) {
	m.endedMany = append(m.endedMany, move)
	for _, s := range m.sessions {
		if fits(s) {
			if s.moves == nil {
				s.moves = map[string]modelMove{}
			}
			s.moves[move.user+move.client] = move
		}
	}
}

func (m *model) endUserNow(u *modelUser, keep *modelSession, c logout.Cause) {
	for _, s := range m.sessions {
		if s.user == u && s != keep {
			m.end(s, c)
		}
	}
}

// latestUsed returns the live sessions of people at browsers that fit, the latest used first.
func (m *model) latestUsed(now time.Time, fits func(*modelSession) bool) (list []*modelSession) {
	for _, s := range m.sessions {
		if s.browser != nil && s.live(now) && fits(s) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *modelSession) int {
		return cmp.Or(b.lastActive.Compare(a.lastActive), cmp.Compare(b.id, a.id))
	})
	return list
}

// onDevice is who can be chosen at a browser: each user once.
func (m *model) onDevice(b *modelBrowser, now time.Time) (list []*modelSession) {
	seen := map[*modelUser]bool{}
	for _, s := range m.latestUsed(now, func(s *modelSession) bool { return s.browser == b }) {
		if !seen[s.user] {
			seen[s.user] = true
			list = append(list, s)
		}
	}
	return list
}

// room tells whether the user may have one session more, and whose place it takes.
func (m *model) room(u *modelUser, now time.Time) (replaced []*modelSession, ok bool) {
	limit := cmp.Or(u.limit, m.limit)
	live := m.latestUsed(now, func(s *modelSession) bool { return s.user == u })
	if limit == 0 || len(live) < limit {
		return nil, true
	}
	return live[limit-1:], !m.refuse
}

// modelGrace is how long a lost answer can be asked for again. It stands here as it is promised, not as the code has it.
const modelGrace = 10 * time.Second

// present is what a refresh token of a generation gets: the generation of its successor, or 0 for nothing.
func (m *model) present(f *modelFamily, by *modelClient, presented int64, now time.Time) (successor int64) {
	switch {
	case f.client != by || !f.live(now):
		return 0
	case !by.rotates && presented >= f.generation-1:
		return presented
	case by.rotates && presented >= f.generation: // ahead: a crash lost what the row said
		f.generation, f.rotated = presented+1, now
		return f.generation
	case by.rotates && presented == f.generation-1 && now.Sub(f.rotated) <= modelGrace:
		return f.generation
	}
	f.reuse++
	m.revoke(f, logout.Cause{Status: storage.StatusRevoked, Reason: logout.RefreshReused, By: logout.System})
	return 0
}

// revoke revokes a family. Lasting access is nothing but its family.
func (m *model) revoke(f *modelFamily, c logout.Cause) {
	f.revoked = true
	if f.session.browser == nil {
		m.end(f.session, c)
	}
}
