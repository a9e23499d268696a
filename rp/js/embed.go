package js

import "embed"

// FS holds the module: curfew.js and the files that it imports, which must be served beside it, its types and its
// README. Serve it with http.FileServerFS under any path.
//
//go:embed *.js *.d.ts package.json README.md
var FS embed.FS
