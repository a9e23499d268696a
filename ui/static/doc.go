// Package static embeds what the hosted pages load: one stylesheet, the dial,
// and small scripts that only enhance. Package page serves them.
package static

import "embed"

// Files holds every file that is served under /static/.
//
//go:embed *.css *.svg *.js
var Files embed.FS
