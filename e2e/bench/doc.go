// Command bench measures what a request costs: `make bench`.
//
// It starts a PostgreSQL that flushes every commit to the disk, a curfew as `curfew serve` wires it, in a process of its
// own, and 20,000 live sessions. Then it refreshes and asks for client credentials over HTTP on loopback, as fast as 32
// connections can and at 200 requests a second, and reads from /proc the processor time that the server's process and the
// database's processes use meanwhile. Beside it stands the floor, measured in the same run: one HTTP exchange, one prepared
// statement, two ES256 signatures. Every answer is checked, the signatures of a sample too.
//
// What counts is processor time per request: requests per second depend on the machine and on what else it does, most of
// all on the generator, which runs on the same processors.
//
// It ends with code 1 where a refresh at saturation costs more than the gate, and with 2 where it could not measure.
package main
