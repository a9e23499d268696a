// Package page owns the look and the rendering of every hosted page.
//
// Each page is a struct that carries all it shows: the URL its form posts to,
// the values of its fields, the faults found in them. A handler fills one and
// passes it to [Renderer.Render], which picks the language, renders into memory
// and sends page and headers, or nothing at all.
//
//	return pages.Render(w, r, http.StatusOK, page.Password{
//		Form:  page.Form{Action: "/signin/" + flow, Errors: page.Fault("password", page.PasswordWrong)},
//		Email: "user@example.com",
//	})
//
// The names of form fields are part of the contract and stand in each struct's
// comment. Texts live in ui/locale; a handler names them by the Key constants
// of this package. Every page works without JavaScript.
package page
