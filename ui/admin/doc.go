// Package admin serves the console: the pages in which administrators look at users, sessions and applications and change
// them.
//
// Who may do what stands in one table (rights.go), and every route names the right that it needs (routes.go). Whoever lacks it
// is answered as if there were no such page. The console opens to a browser session of a user with a role that rests on two
// factors, never to one in which somebody acts as another (design.md section 2, Actor).
//
// What a page does it does through the packages below, which write the audit: a user through op/user, an end through
// logout.Door. What destroys asks once more (confirm.go).
package admin
