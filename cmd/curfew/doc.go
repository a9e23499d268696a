// Command curfew is the server and the tool of its operators: `curfew dev` to try it, `curfew serve` to run it, and a
// command for each kind of thing in the database (user, client, session, key), which work there directly with the same
// packages as the server, so that they need no running one.
//
// It exits with 0 when done, with 2 when the command line or the configuration is wrong, and with 1 for all else.
package main
