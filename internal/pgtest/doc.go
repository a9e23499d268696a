// Package pgtest gives tests a real PostgreSQL.
//
// New is what a test calls: the address of a fresh, empty database that is dropped when the test ends; Copy gives one that
// is not empty. The server behind it is the one that CURFEW_TEST_POSTGRES names, or else one that this process starts for
// itself. Start is for the few tests that need a server of their own, to restart it or to break it.
//
// A server made here is a throw-away: its own cluster in a temporary directory, reachable on 127.0.0.1 only,
// behind a random password. It does not outlive the process that started it, however that process ends: a
// watchdog holds the reading end of a pipe, and when the writing end closes it stops the server and removes
// the directory. A PostgreSQL that is not installed fails the test, because a suite that skips half of itself
// looks green and proves nothing.
package pgtest
