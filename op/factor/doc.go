// Package factor owns what a user proves with: password, code by e-mail, code by SMS, TOTP and recovery codes. It
// checks a proof, throttles the tries, and says what the proof is worth (amr and acr).
//
// # Proofs and what they are worth
//
// Each Kind has one amr value of RFC 8176. Two proofs over different channels add "mfa", unless they are the password and a
// code by mail, which resets it; roles open nothing without "mfa" (Administers). curfew knows two values of
// acr (OpenID Connect Core 2), names under its own URN so that nobody mistakes them for a level of a national scheme:
//
//   - urn:curfew:acr:1: one factor. Somebody knew the password, or read one mailbox, one phone, one authenticator.
//   - urn:curfew:acr:2: two factors over different channels. One stolen thing, or one phished answer, was not enough.
//
// A recovery code stands in for the authenticator that was lost, so the two together are one channel. A password that
// was reset by mail a moment ago proves the mailbox and nothing else: whoever drives a reset counts KindEmail.
//
// # Throttling
//
// A lock on an account is a weapon in a stranger's hand, so there is none. Every try is paid for before the check, in a
// statement of its own that a rolled-back transaction cannot take back, out of budgets that are kept apart: a device
// that signed in before has its own and is never locked out by what others do; each network has one per account and one
// in all; and strangers together have one per account that runs dry under a distributed attack, after which strangers
// (only they) wait longer and longer. See throttle.go.
//
// # What is stored
//
// Passwords as Argon2id in the PHC string format. Codes that people type as HMAC under keys derived from one that is
// outside the database, since a million possibilities are no secret. TOTP seeds sealed with AES-256-GCM.
package factor
