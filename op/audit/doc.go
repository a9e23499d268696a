// Package audit owns the record of who did what: typed events, each written in the transaction that did it.
//
// Secrets never enter an event. A refresh writes none; what its session did is told by the session's own events.
package audit
