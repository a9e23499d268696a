// Package demo is an application that signs its users in with curfew: a relying party built on package rp
// alone, to look at and to copy from.
//
// It is three clients in one: a server app whose tokens never reach the browser (home.go), a browser app
// that holds its own (spa.go), and an API that both of them call (api.go). The dial on either page is the access
// token's life, running down and renewed.
//
// Sign in with two browsers, end one session from the other, and watch its page leave (leave.go): the provider tells the
// server app, by the back channel and by push, and that tells the pages that stand open.
package demo
