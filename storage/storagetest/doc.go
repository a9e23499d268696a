// Package storagetest runs a test on both engines: a real PostgreSQL and SQLite.
package storagetest
