// Package signin owns the hosted pages of a sign-in: who it is, the first and the second factor, the choice between
// accounts, consent, the way back to the client; signing up with a verified address; setting a lost password anew.
//
// A page answers one step of a flow and goes back to GET /signin/{flow}, which asks authflow.Next what comes then: no
// step knows another one. A GET changes nothing but the end of a flow, which is answered once. Every POST is refused
// across origins, read strictly, and answered by 303; what cannot be accepted shows the same page again (422, 429 or
// 503).
//
// Nothing here tells whether an account exists: for an address that nobody has, the pages, their statuses and the work
// behind them are those of one that somebody has, and what differs is told to the mailbox alone.
package signin
