// Package storage owns every row: one Store over one database, PostgreSQL in production and SQLite embedded.
//
// There is one file an aggregate. What differs between the two engines stands in dialect.go, postgres.go and sqlite.go
// and nowhere else. The invariants of curfew are transactions across aggregates (redeem a code and start its family;
// rotate and detect reuse; end, revoke, enqueue, audit), so they are methods of the Store, each one short transaction,
// best a single statement. Rows carry no behaviour beyond what can be said of a row alone.
package storage
