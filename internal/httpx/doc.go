// Package httpx owns what every HTTP exchange of curfew has in common, in both directions.
//
// Outgoing: Doer is the only way out, and it dials no address that it has not checked. Incoming: strict reading of
// parameters (Params), the client's address behind proxies (Proxies), the frame around every handler (Wrap: request
// id, log line, panic recovery, body limit, default headers), CORS by class of endpoint, and a server that finishes
// what is in flight before it stops (Serve).
package httpx
