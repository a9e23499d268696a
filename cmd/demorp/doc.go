// Command demorp runs the demo, a relying party built on package rp alone.
//
// Every flag has a variable of the same name in capitals: ISSUER, CLIENT_ID, CLIENT_SECRET, SPA_CLIENT_ID,
// LISTEN, BASE_URL, API_URL, ISSUER_DIAL.
//
// To have it drop sessions at once register BASE_URL with /auth/backchannel-logout and /auth/frontchannel-logout for the
// server app's client, or give that the grant client_credentials and the scope sessions:listen.
package main
