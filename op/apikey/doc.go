// Package apikey owns the keys that scripts and pipelines call the management API with: 256 random bits behind a prefix that
// scanners for leaked secrets recognise, shown once, kept as a hash, with a scope and, if so wanted, an end.
package apikey
