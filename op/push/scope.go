package push

import (
	"slices"

	"github.com/curfew-id/curfew/storage"
)

// Scope is what a listener may see; exactly one member is set. The zero Scope sees nothing.
type Scope struct {
	UserID   string // all ends of one user; for their own pages and for tokens of theirs
	ClientID string // ends of sessions that a client took part in
	All      bool   // everything; for a client that may introspect everybody's tokens
}

// sees tells whether the scope may know of an end.
func (s Scope) sees(e *storage.SessionEnd) bool {
	switch {
	case s.All:
		return true
	case s.UserID != "":
		return s.UserID == e.UserID
	case s.ClientID != "":
		return slices.Contains(e.ClientIDs, s.ClientID)
	}
	return false
}

// key is where the hub finds the listeners of a scope; those of an end are found by keysOf.
func (s Scope) key() string {
	switch {
	case s.All:
		return "all"
	case s.UserID != "":
		return "user " + s.UserID
	case s.ClientID != "":
		return "client " + s.ClientID
	}
	return ""
}

func keysOf(e *storage.SessionEnd) []string {
	keys := []string{"all", "user " + e.UserID}
	for _, clientID := range e.ClientIDs {
		keys = append(keys, "client "+clientID)
	}
	return keys
}
