// Package push tells at once which sessions have ended: to whoever listens, and as the signed list that resource servers
// fetch.
//
// Each process has one Hub. It reads the feed of ended sessions (storage.SessionEnd) in the order of its commits, when the
// store's bell rings and every second besides, so that a lost notification costs a second and never an event. What it read
// goes to the listeners whom it concerns, through bounded buffers: one that does not keep up is cut and comes back with the
// last position it saw. Who may listen to what is decided by package op; a Listener only ever gets what its Scope sees.
package push
