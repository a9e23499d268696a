// Package actor lets one person act as another, by permission: RFC 8693's subject and actor.
//
// A permission is an actor token, redeemed once by whoever it names, in the browser in which they are signed in. It starts a
// session of the subject's that hangs off the actor's own and ends with it; storage refuses it from the moment on at
// which the other is not live. Who may act as whom is the policy's (policy.go), asked when a token is made and again when it
// is redeemed. A change of the policy ends what came from it.
//
// In such a session nothing of the account can be changed: handlers ask session.Current.Impersonated, the authorization
// endpoint asks Actors.Admit. Its tokens name the actor in act, which package token writes behind everything else.
package actor
