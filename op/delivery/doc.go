// Package delivery owns sending: mail over SMTP, SMS through an HTTP gateway, what the messages say, and the durable queue.
//
// An Outbox takes a message and returns at once, so that the time of an answer does not tell whether there was
// somebody to write to. It tries for about ten minutes and keeps nothing across a restart: what it carries are codes
// that are asked for again in less time than that.
//
// Mailer and Texter stand where the process ends: SMTP and Gateway in production, Mailbox in development.
//
// A Queue carries what must arrive, logout tokens for one: deliveries that the database holds from the transaction that owed
// them until they are settled. A worker claims one under a lease, which another takes over when its holder died; a failure
// is tried again for 24 hours; the row that stays is the receipt. A receiver that is slow or dead costs only itself:
// little is under way to each, one that keeps an attempt waiting gets no second, one that fails is left alone for a while
// and then tried with a single delivery.
package delivery
