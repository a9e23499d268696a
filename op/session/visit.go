package session

import (
	"context"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// visited notes a use of a session by its own browser, and where that is. Nothing else may say where a person is: a
// refresh comes from the application, whose back end has an address of its own, and stands for nobody's place.
func (s *Sessions) visited(ctx context.Context, row *storage.Session, now time.Time) {
	due := s.activity.Used(row.UserID, row.ID, now, row.LastActiveAt.Time, idleOf(row))
	if due && row.ActorSessionID != "" { // who acts is here: their own session is not idle
		s.activity.Used(row.ActorSub, row.ActorSessionID, now, row.LastActiveAt.Time, idleOf(row))
	}
	if address := audit.OriginOf(ctx).IPAddress; address == "" || !due && address == row.IPAddress {
		return
	}
	s.locate(ctx, row)
	s.activity.Visited(visitOf(row, now))
}

// locate writes into a row where the request comes from, which must be one of the session's own browser.
func (s *Sessions) locate(ctx context.Context, row *storage.Session) {
	origin := audit.OriginOf(ctx)
	place := s.opts.Places.At(origin.IPAddress)
	row.UserAgent, row.IPAddress, row.City, row.Country = origin.UserAgent, origin.IPAddress, place.City, place.Country
}

func visitOf(row *storage.Session, now time.Time) storage.Visit {
	return storage.Visit{UserID: row.UserID, SessionID: row.ID, DeviceID: row.DeviceID, UserAgent: row.UserAgent,
		IPAddress: row.IPAddress, City: row.City, Country: row.Country, At: now}
}

func idleOf(row *storage.Session) time.Duration { return time.Duration(row.IdleTTL) * time.Microsecond }

// Narrow notes that a client with an idle timeout of its own is using the browser's session at this moment.
func (s *Sessions) Narrow(c *Current, idle time.Duration) {
	s.activity.Narrow(c.ID, idle)
	s.activity.Used(c.UserID, c.ID, s.clock.Now(), c.LastActiveAt.Time, idleOf(c.Session))
}

// Lifetimes are what is configured: how long a session lasts at most, and how long without use.
func (s *Sessions) Lifetimes() (absolute, idle time.Duration) { return s.opts.Absolute, s.opts.Idle }
