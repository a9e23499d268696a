// Package webhook tells applications what happens: endpoints, signatures, payloads (Standard Webhooks 1.0.0).
//
// What an event says is fixed in the transaction that did the act: Record watches the audit, makes the message and one
// delivery for each endpoint that wants it, and all of it commits with the act or not at all. A user is described as the
// transaction leaves them, a session as its act left it, a deleted user by their id alone.
//
// op/delivery sends: at least once, for a day, what concerns one user in the order in which it happened, no endpoint held up
// by another. Webhooks.Send makes one attempt. The id of a message is the same in each of them, the signature is made anew.
// An endpoint that has only failed for five days is disabled and its owner told.
package webhook
