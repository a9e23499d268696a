// Package migrations is the one timeline of the database: numbered SQL that runs unchanged on PostgreSQL and on SQLite.
//
// What makes that possible: instants are BIGINT microseconds since 1970 (UTC), JSON is TEXT that only the program
// reads, bytes are BYTEA (SQLite takes the name and stores what it is given). A migration that has been released is
// never edited; the next number mends it.
package migrations

import "embed"

// Files holds the numbered SQL.
//
//go:embed *.sql
var Files embed.FS
