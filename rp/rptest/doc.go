// Package rptest is a small OpenID provider for tests of relying parties. It signs its one user in without
// asking, keeps everything in memory, and lets a test bend any answer before it is signed or sent.
//
//	p := rptest.Start(t, clock.Now)
//	app, err := rp.New(ctx, rp.Config{Issuer: p.Issuer, ClientID: "app", ...})
//	p.Tamper.IDToken = func(c map[string]any) { c["aud"] = "somebody-else" }
//
// It tells of ended sessions as curfew does: LogoutToken makes what the back channel carries, Tell sends to the stream, and
// the deny list names what End was called for.
//
// It follows the specifications as far as package rp relies on them, and no further: never run it where
// anybody could sign in.
package rptest
