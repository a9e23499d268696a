// Package api owns the management API under /v1: one file a resource, and the OpenAPI 3.1 description made from them.
//
// Callers are clients with an access token of their own (RFC 6749 4.4), API keys, and people with a role who proved two factors
// (roles.go says which role may what). Each needs the scope that an operation declares, by what they present and by what they
// are allowed at that moment, and hands on to others no more than they have.
//
// Every mutation writes its audit event in the transaction that makes it; a POST with an Idempotency-Key is run once (once.go).
// Every error is a problem (RFC 9457) that names the field at fault, carries the request's id and says nothing of the inside.
//
// What is asked for is read strictly: an unknown member or query parameter, a repeated or an empty one is an error, so
// that a misspelt filter never means "all of them".
package api
