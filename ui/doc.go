// Package ui is the hosted pages: everything of curfew that a person sees.
//
// The rooms: page renders (typed structs in, HTML out), template, static and
// locale hold what is rendered, and signin, account and admin are the handlers
// that fill the structs. Handlers decide, pages show; no page reads a store.
package ui
