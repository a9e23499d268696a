package logout

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// Channel is how a relying party learns from us that a session has ended. One that fetches the deny list learns it on its own
// besides, which leaves no receipt.
type Channel string

// Channels.
const (
	ByBackChannel  Channel = "backchannel"
	ByFrontChannel Channel = "frontchannel"
	ByPush         Channel = "push"
	ByNone         Channel = "none" // nobody told it: its tokens ran out
)

// NotTold is the outcome of a receipt ByNone.
const NotTold = "not_told"

// Receipt says what became of telling one relying party that took part in a session.
type Receipt struct {
	*storage.Delivery // for ByNone made up from what is known
	Channel           Channel
	// TokenDeadBy is from when on no token of the session is good at the relying party, told or not: the last one was made
	// from a reading of the session before its end.
	TokenDeadBy time.Time
}

// Receipts returns one receipt for each message that was owed, by id, and one for each relying party that took part in the
// session and was owed none. There are none as long as the session lives. v is nil where only the messages are left.
func Receipts(v *storage.SessionView, owed []*storage.Delivery, now time.Time) (list []Receipt) {
	told := map[string]bool{}
	for _, d := range owed {
		r := Receipt{Delivery: d, Channel: ByBackChannel, TokenDeadBy: d.CreatedAt.Add(token.TTL)}
		switch d.Kind {
		case KindBackChannel:
		case KindFrontChannel:
			r.Channel = ByFrontChannel
		case KindPush:
			r.Channel = ByPush
		default:
			continue
		}
		told[d.Receiver] = true
		list = append(list, r)
	}
	if v == nil {
		return list
	}
	over, isOver := OverAt(v, now)
	for _, clientID := range v.ClientIDs {
		if !isOver {
			break
		}
		if told[clientID] {
			continue
		}
		at := storage.At(over)
		list = append(list, Receipt{Channel: ByNone, TokenDeadBy: over.Add(token.TTL), Delivery: &storage.Delivery{
			ID: receiptID(v.ID, clientID, ""), Receiver: clientID, UserID: v.UserID, SessionID: v.ID, CreatedAt: at, SettledAt: at,
			Outcome: NotTold}})
	}
	slices.SortFunc(list, func(a, b Receipt) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// OverAt returns when a session ended. Where that is not known, because its user is disabled and nobody has taken it
// through the door yet, it was not after now.
func OverAt(v *storage.SessionView, now time.Time) (at time.Time, over bool) {
	switch {
	case v.Stands == storage.StatusActive || v.Stands == storage.StatusPending:
		return time.Time{}, false
	case v.EndedAt.Set():
		return v.EndedAt.Time, true
	case v.Stands == storage.StatusExpired:
		return v.ExpiresAt.Time, true
	case v.Stands == storage.StatusAbandoned:
		return v.AbandonAt(), true
	case v.Moved != nil:
		return v.Moved.At, true
	default:
		return now, true
	}
}

// receiptID is the same each time, so that the database takes one of it. It begins with the time of the session, as
// every id begins with one. The front channel, and whom nobody told, have no channel in it.
func receiptID(sessionID, clientID string, channel Channel) string {
	b, _ := id.Bytes(id.Session, sessionID)
	name := sessionID + " " + clientID
	if channel != "" {
		name += " " + string(channel)
	}
	sum := sha256.Sum256([]byte(name))
	copy(b[6:], sum[:])
	return id.FromBytes(id.Delivery, b)
}
