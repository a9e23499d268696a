package push

import (
	"slices"

	"github.com/curfew-id/curfew/storage"
)

// Scope is what a listener may see; exactly one member is set. The zero Scope sees nothing.
//
// All sessions of a client, or of everybody, are one end. A client hears of its own and of everybody's; that another's
// sessions ended is none of its business, and those it took part in follow one by one. A user's listener is handed both
// kinds, as one of the sessions may be its own: which only the database knows, and whoever reads the Listener has to ask.
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
		return s.UserID == e.UserID || e.UserID == ""
	case s.ClientID != "":
		return ofEverybody(e) || s.ClientID == e.ClientID || slices.Contains(e.ClientIDs, s.ClientID)
	}
	return false
}

// ofEverybody tells whether an end is of all sessions there were.
func ofEverybody(e *storage.SessionEnd) bool { return e.UserID == "" && e.ClientID == "" }

// key is where the hub finds the listeners of a scope; those of an end of one user are found by keysOf.
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
