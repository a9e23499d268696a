// Package dev is `curfew dev`: the whole of curfew on one machine with nothing to install, a demo relying party beside it
// and a mailbox that shows every message it would send. It listens on loopback only.
package dev
