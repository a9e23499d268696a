// Package id makes the identifiers of stored things: a prefix that names the kind and a UUIDv7
// (RFC 9562 5.7) in Crockford's base32, so that they sort by the time they were made.
package id
