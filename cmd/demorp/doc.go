// Command demorp runs the demo, a relying party built on package rp alone.
//
// Every flag has a variable of the same name in capitals: ISSUER, CLIENT_ID, CLIENT_SECRET, SPA_CLIENT_ID,
// LISTEN, BASE_URL, API_URL, ISSUER_DIAL.
package main
