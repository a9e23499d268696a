// Package delivery owns sending: mail over SMTP, SMS through an HTTP gateway, and what the messages say.
//
// An Outbox takes a message and returns at once, so that the time of an answer does not tell whether there was
// somebody to write to. It tries for about ten minutes and keeps nothing across a restart: what it carries are codes
// that are asked for again in less time than that.
//
// Mailer and Texter stand where the process ends: SMTP and Gateway in production, Mailbox in development.
package delivery
