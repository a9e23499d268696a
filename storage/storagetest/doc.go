// Package storagetest runs a test on both engines: a real PostgreSQL and SQLite, each with a database of the test's own.
package storagetest
