// Package logout owns the one door out: Door.End is the only way a session ends, whatever the cause.
//
// In one transaction it marks the session, revokes its refresh families, records one delivery for each relying party
// that took part and writes the audit event; it is acknowledged after the commit and may be called twice. Many sessions
// are ended by moving an epoch that every read of a session compares: true at once, in constant time; Sweep then takes
// them through the door, hundreds together (ADR 13).
package logout
