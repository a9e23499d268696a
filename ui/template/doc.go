// Package template embeds the HTML of the hosted pages: one file a page, with
// the shells they stand in under layout and the pieces they share under part.
package template

import "embed"

// Files holds every template.
//
//go:embed *.html layout/*.html part/*.html
var Files embed.FS
