package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/curfew-id/curfew/storage"
)

// Replayed is a session as the events tell of it, at an instant.
type Replayed struct {
	ID, UserID, DeviceID string
	Kind                 string
	IPAddress            string
	Actor                string // who acted as the user; empty where it is the user
	AMR                  string
	ClientIDs            []string // who had got tokens
	StartedAt, ExpiresAt time.Time
	EndedAt              time.Time // zero: live
	Status, Reason       string    // of the end
}

// Live tells whether the session could be used then. Whether it was idle, no event says before it has ended for it.
func (s *Replayed) Live(at time.Time) bool { return s.EndedAt.IsZero() && at.Before(s.ExpiresAt) }

// SessionData is what SessionStarted keeps beside the event's own columns.
type SessionData struct {
	Kind      string `json:"kind"`
	AMR       string `json:"amr,omitempty"`
	ACR       string `json:"acr,omitempty"`
	ExpiresAt int64  `json:"expires_at"` // microseconds since 1970
	Actor     string `json:"actor,omitempty"`
}

// SessionStart is the event of a session that has just been started; actor is who acts as its user, if that is somebody else.
func SessionStart(s *storage.Session, by, actor string) Event {
	data := map[string]any{"kind": s.Kind, "expires_at": s.ExpiresAt.UnixMicro()}
	for name, v := range map[string]string{"amr": s.AMR, "acr": s.ACR, "actor": actor} {
		if v != "" {
			data[name] = v
		}
	}
	return Event{Kind: SessionStarted, At: s.CreatedAt.Time, UserID: s.UserID, SessionID: s.ID, DeviceID: s.DeviceID, By: by, Data: data}
}

// endData is what SessionEnded keeps.
type endData struct {
	Status string `json:"status"`
	Reason string `json:"reason"`
}

var replayed = []string{string(SessionStarted), string(SessionSteppedUp), string(SessionEnded), string(SessionsEnded), string(FamilyStarted)}

// Replay tells from the events alone which sessions there were up to an instant and how they stood then, the oldest first. A
// session that an end of many has reached counts as ended from that moment, before it is through the door.
func Replay(ctx context.Context, store *storage.Store, at time.Time) ([]*Replayed, error) {
	byID, byUser := map[string]*Replayed{}, map[string][]*Replayed{}
	var order, many []*Replayed
	for after := ""; ; {
		list, err := store.EventsUntil(ctx, replayed, at, after, 500)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			after = e.ID
			if Kind(e.Kind) == SessionsEnded {
				var d endData
				if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
					return nil, fmt.Errorf("event %s: %w", e.ID, err)
				}
				many = append(many, &Replayed{UserID: e.UserID, ClientIDs: []string{e.ClientID}, EndedAt: e.At.Time, Status: d.Status, Reason: d.Reason})
				continue
			}
			s := byID[e.SessionID]
			if s == nil {
				s = &Replayed{ID: e.SessionID, UserID: e.UserID}
				byID[e.SessionID] = s
				byUser[e.UserID] = append(byUser[e.UserID], s)
				order = append(order, s)
			}
			if err := s.take(e); err != nil {
				return nil, fmt.Errorf("event %s: %w", e.ID, err)
			}
		}
		if len(list) < 500 {
			break
		}
	}
	for _, m := range many {
		reached := order
		if m.UserID != "" {
			reached = byUser[m.UserID]
		}
		for _, s := range reached {
			if m.ClientIDs[0] != "" && !slices.Contains(s.ClientIDs, m.ClientIDs[0]) {
				continue
			}
			if !s.StartedAt.After(m.EndedAt) && (s.EndedAt.IsZero() || s.EndedAt.After(m.EndedAt)) {
				s.EndedAt, s.Status, s.Reason = m.EndedAt, m.Status, m.Reason
			}
		}
	}
	return slices.DeleteFunc(order, func(s *Replayed) bool { return s.StartedAt.IsZero() }), nil
}

func (s *Replayed) take(e *storage.AuditEvent) error {
	switch Kind(e.Kind) {
	case SessionStarted:
		var d SessionData
		if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
			return err
		}
		s.DeviceID, s.Kind, s.IPAddress, s.Actor, s.AMR = e.DeviceID, d.Kind, e.IPAddress, d.Actor, d.AMR
		s.StartedAt, s.ExpiresAt = e.At.Time, time.UnixMicro(d.ExpiresAt)
	case SessionSteppedUp:
		var d SessionData
		if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
			return err
		}
		s.AMR, s.IPAddress = d.AMR, e.IPAddress
	case SessionEnded:
		var d endData
		if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
			return err
		}
		s.EndedAt, s.Status, s.Reason = e.At.Time, d.Status, d.Reason
	case FamilyStarted:
		if !slices.Contains(s.ClientIDs, e.ClientID) {
			s.ClientIDs = append(s.ClientIDs, e.ClientID)
		}
	}
	return nil
}
