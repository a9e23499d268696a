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

	actorSession string // of the actor, which this one hangs off
}

// Live tells whether the session could be used then. Whether it was idle, no event says before it has ended for it.
func (s *Replayed) Live(at time.Time) bool { return s.EndedAt.IsZero() && at.Before(s.ExpiresAt) }

// SessionStart is the event of a session that has just been started; actor is who acts as its user, if that is somebody else.
func SessionStart(s *storage.Session, by, actor string) Event {
	data := map[string]any{"kind": s.Kind, "expires_at": s.ExpiresAt.UnixMicro()}
	for name, v := range map[string]string{"amr": s.AMR, "acr": s.ACR, "actor": actor, "actor_session": s.ActorSessionID} {
		if v != "" {
			data[name] = v
		}
	}
	return Event{Kind: SessionStarted, At: s.CreatedAt.Time, UserID: s.UserID, SessionID: s.ID, DeviceID: s.DeviceID, By: by, Data: data}
}

// eventData is what is read of the events' data.
type eventData struct {
	Kind         string `json:"kind"`
	AMR          string `json:"amr"`
	ExpiresAt    int64  `json:"expires_at"` // microseconds since 1970
	Actor        string `json:"actor"`
	ActorSession string `json:"actor_session"`
	Status       string `json:"status"`
	Reason       string `json:"reason"`
	From         string `json:"from"` // the session that lasting access was opened from
}

var replayed = []string{string(SessionStarted), string(SessionSteppedUp), string(SessionEnded), string(SessionsEnded), string(FamilyStarted), string(TokenExchanged)}

// Replay tells from the events alone which sessions there were up to an instant and how they stood then, the oldest first. A
// session that an end of many has reached counts as ended from that moment; when it went through the door later, that says
// when, as the session itself does.
func Replay(ctx context.Context, store *storage.Store, at time.Time) ([]*Replayed, error) {
	return ReplayAfter(ctx, store, "", at)
}

// ReplayAfter is Replay for the sessions that began behind an event: what was written before it is not read.
func ReplayAfter(ctx context.Context, store *storage.Store, event string, at time.Time) ([]*Replayed, error) {
	r := replay{byID: map[string]*Replayed{}, byUser: map[string][]*Replayed{}}
	for more := true; more; {
		list, err := store.EventsUntil(ctx, replayed, at, event, 500)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			event = e.ID
			if err := r.take(e); err != nil {
				return nil, fmt.Errorf("event %s: %w", e.ID, err)
			}
		}
		more = len(list) == 500
	}
	for _, s := range r.order {
		r.hangs(s, at)
	}
	return r.order, nil
}

// replay takes events in the order in which they were written: an end of many reaches those that were there.
type replay struct {
	byID   map[string]*Replayed
	byUser map[string][]*Replayed
	order  []*Replayed
}

func (r *replay) take(e *storage.AuditEvent) error {
	var d eventData
	if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
		return err
	}
	s := r.byID[e.SessionID]
	switch kind := Kind(e.Kind); {
	case kind == SessionsEnded:
		r.endMany(e, d)
	case kind == SessionStarted && s == nil:
		s = &Replayed{ID: e.SessionID, UserID: e.UserID, DeviceID: e.DeviceID, Kind: d.Kind, IPAddress: e.IPAddress, Actor: d.Actor, AMR: d.AMR,
			StartedAt: e.At.Time, ExpiresAt: time.UnixMicro(d.ExpiresAt), actorSession: d.ActorSession}
		r.byID[s.ID], r.byUser[s.UserID], r.order = s, append(r.byUser[s.UserID], s), append(r.order, s)
	case kind == FamilyStarted, kind == TokenExchanged:
		for _, s := range []*Replayed{s, r.byID[d.From]} {
			if s != nil && !slices.Contains(s.ClientIDs, e.ClientID) {
				s.ClientIDs = append(s.ClientIDs, e.ClientID)
			}
		}
	case s == nil: // it began before what is looked at
	case kind == SessionSteppedUp:
		s.AMR, s.IPAddress = d.AMR, e.IPAddress
	case kind == SessionEnded:
		s.EndedAt, s.Status, s.Reason = e.At.Time, d.Status, d.Reason
	}
	return nil
}

// endMany ends the sessions of a user, those in which a client has taken part, or all.
func (r *replay) endMany(e *storage.AuditEvent, d eventData) {
	reached := r.order
	if e.UserID != "" {
		reached = r.byUser[e.UserID]
	}
	for _, s := range reached {
		if s.EndedAt.IsZero() && e.At.Before(s.ExpiresAt) && (e.ClientID == "" || slices.Contains(s.ClientIDs, e.ClientID)) {
			s.EndedAt, s.Status, s.Reason = e.At.Time, d.Status, d.Reason
		}
	}
}

// hangs ends a session whose actor's own is over: it is, too, before anybody has come by to write it down.
func (r *replay) hangs(s *Replayed, at time.Time) {
	from := r.byID[s.actorSession]
	if from == nil || from.Live(at) || !s.Live(at) {
		return
	}
	s.EndedAt, s.Status, s.Reason = from.EndedAt, string(storage.StatusRevoked), "actor_session_ended"
	if s.EndedAt.IsZero() {
		s.EndedAt = from.ExpiresAt
	}
}
