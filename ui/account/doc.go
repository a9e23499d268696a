// Package account owns the pages on which people look after their own account: profile, security, connected apps,
// devices, and the way out.
//
// Whose account it is follows from the session and from nothing in the request, so nobody reaches a row of somebody else's.
// What is delicate (other factors, recovery codes, another address) needs a fresh authentication. A person who has none
// proves themselves first and then goes on where they were: what they were about to do is a stored Change of theirs
// (change.go), resumed by its id and only in the session that began it, never by a URL to return to.
package account
