// Package impersonate owns the pages on which somebody begins to act as somebody else, and stops: what a ticket of package
// op/actor opens, and the banner that every page has meanwhile.
//
// A ticket is a secret in a URL. So it is taken out of the address before any page is shown: it goes into a cookie for as
// long as signing in may take, and with the answer in a form.
package impersonate
