// Package key owns the signing keys: it generates, seals, rotates and publishes them, and it signs and verifies.
//
// Keys are parsed once and held in memory (Ring). A key is published 24 hours before it signs, signs for 30 days and stays
// published until the last token it signed is dead; what comes back as a hint is still known for as long as sessions last. A kid is the thumbprint of its key (RFC 7638), so it can never
// stand for another one.
package key
