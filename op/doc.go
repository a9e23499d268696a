// Package op is the protocol surface of curfew: one file per endpoint, named for what the specifications call it, and the
// route table in routes.go. A handler reads its parameters strictly, authenticates, calls down into one of the packages
// below and answers; what has to hold always is kept there, not here.
//
// Token (except refresh), introspection and revocation run in the shell of zitadel/oidc's op.Server, with what the shell
// is too lenient about checked before it (door.go). The endpoints that need pages, redirects with errors or other
// status codes are handlers of our own.
package op
