// Package js is the relying party for apps that run in the browser: an ES module without dependencies, embedded so that Go
// apps can serve it. README.md says how it is used and what is kept where.
package js
