// Package session owns devices and sessions: the cookies, starting and stepping up, switching between accounts, and the
// record of when a session was last used and where its browser was then. How a session ends belongs to package logout.
//
// Three cookies. The device's names the browser and outlives every session; an authorization request is bound to it. The
// session's names the active session of the browser and carries a secret that is exchanged at every step up, so that a
// value planted or seen before a person proved who they are is worth nothing after. The state's is for script to compare
// with (OpenID Connect Session Management 1.0) and opens nothing.
package session
