// Command run gives a command a throw-away PostgreSQL:
//
//	go run ./internal/pgtest/run [-fsync] -- COMMAND [ARGUMENTS]
//
// The command finds the server in CURFEW_TEST_POSTGRES and its process id in CURFEW_TEST_POSTGRES_PID. When
// the command ends, the server does too, and run ends with the command's exit code. A server that
// CURFEW_TEST_POSTGRES names already is used as it is, except with -fsync, which asks for one that is known
// to be set up for measuring.
package main
