// Package token owns what relying parties hold: 60-second access and ID tokens and the refresh tokens behind them.
//
// Everything a token says comes from one storage.Grant, read in one statement; its life counts from that read. No
// setting, template or call changes the limit, which is kept by the one function that signs (sign.go). A refresh token is
// the family's id, a generation and a MAC of both under a key outside the database, so that a forged one is refused
// without a query and a leaked database holds none.
package token
