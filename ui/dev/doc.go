// Package dev owns what is there in development only: the mailbox with every mail and text message the server would send,
// and what the authenticators of seeded accounts show.
// It shows everybody's codes to anybody, so nothing but `curfew dev` may wire it.
package dev
