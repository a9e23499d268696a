package e2e

import (
	"testing"

	"github.com/curfew-id/curfew/e2e/browser"
)

// A forgotten password, from the link under the field to the sign-in with the new one. Sessions elsewhere end.
func TestReset(t *testing.T) {
	t.Parallel()
	h := start(t, "")
	elsewhere := browser.New(t, browser.Options{})
	h.account(elsewhere, theUser)

	p := browser.New(t, browser.Options{})
	h.toDemo(p)
	identify(p, theUser)
	p.Click("a[href^='/reset']")
	submit(p)
	p.WaitText("If there is an account for user@example.com")
	link := h.link(theUser, "/reset/")
	p.Go(link)
	p.Fill("input[name=password]", "password123")
	submit(p)
	fault(t, p, "This password is among the first that attackers try.")
	givePassword(p, "quite another set of words")
	allow(p) // the sign-in that was under way goes on
	h.inDemo(p, theUser)
	elsewhere.Go(h.Info.Issuer + "/account")
	elsewhere.WaitURL(h.Info.Issuer + "/signin/")

	h.signOut(p)
	p.Go(h.Info.Issuer + "/account")
	signIn(p, theUser, h.Info.User(theUser).Password)
	fault(t, p, "Address and password don’t match.")
	givePassword(p, "quite another set of words")
	p.WaitText("About you")
	p.Go(link) // once
	p.WaitText("This page has expired")
}
