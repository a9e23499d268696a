// Package authflow is the state machine of a sign-in.
//
// Begin stores an authorization request; Next is the only router of steps: it derives from the request, from what has been
// proved so far and from the browser's session which step comes next; Finish answers the client. Pages answer a step
// and come back to Next; steps never route to one another. A flow is resumed by its id and only in the browser that
// began it, never by a URL to return to.
package authflow
