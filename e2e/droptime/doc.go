// Command droptime measures how long a relying party goes on accepting what belongs to a session that has ended: `make
// drop-time`.
//
// It starts a PostgreSQL and three replicas of curfew as `curfew serve` wires it, each a process of its own, two thousand
// live sessions, and relying parties of five kinds, all built on package rp: told by live push, by the back channel, by the
// front channel in a real Chromium, by the deny list, and not told at all. While every session goes on being used and
// refreshed, a thousand of them end by every cause there is, and at last all others at once. Each is probed until it is
// refused, and then until the minute and the leeway are over.
//
// For a session whose end was acknowledged at T the drop is the last request that its relying party accepted, minus T. No
// drop may pass 60 s, the party's leeway and the error of the clocks (design: the promise, exactly). With -fault the same
// is done while something breaks. At the end the database is asked whether any acknowledged end was lost.
//
// It ends with code 1 where a request was accepted past the bound, an end was lost or one of curfew's own endpoints took
// something of an ended session, and with 2 where it could not measure.
package main
