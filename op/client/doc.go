// Package client owns OAuth clients: what they register (RFC 7591), how they prove who they are and where their users may
// be sent back to.
package client
