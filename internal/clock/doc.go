// Package clock is the only place that reads the wall clock.
//
// There is one clock in curfew, the database's: a replica measures its offset to it (Synced) and tells
// the time as its own monotonic clock plus that offset, so that replicas agree on when a session ends
// even where their machines do not agree on the time of day.
package clock
