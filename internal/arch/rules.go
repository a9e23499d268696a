package arch

// Patterns are paths inside the module. "op" is that package alone, "op/..." it and all below it, "op/*"
// everything below it but not itself, "..." everything.

// arrows say which packages of this module a package may import: cmd -> ui, op -> op/* -> storage ->
// internal. The first line that matches the importing package decides; a package that no line matches
// stands in no room of the house. Tests are free: what only _test.go files import is not looked at.
var arrows = []struct{ from, to string }{
	{"cmd/demorp/...", "cmd/demorp/... rp/..."}, // what anybody could build on rp
	{"cmd/...", "..."},                          // the only wiring site, and so the only one to read config
	{"e2e/...", "..."},
	{"config/...", "config/... internal/..."},
	{"ui/...", "ui/... op/* storage/... internal/..."}, // never op itself
	{"op", "op/* storage/... internal/..."},
	{"op/*", "op/* storage/... internal/..."},
	{"storage/...", "storage/... migrations/... internal/..."},
	{"migrations/...", "migrations/... internal/..."},
	{"rp/...", "rp/... internal/clock"}, // nothing of the server
	{"internal/...", "internal/..."},
}

// fences say where a package of another module may be imported, and under which name, if one is set.
var fences = []struct{ pkg, in, as string }{
	{"github.com/uptrace/bun/...", "storage/... cmd/curfew/...", ""},
	{"github.com/zitadel/oidc/v3/pkg/op", "op", "zop"},
}

// bannedNames are package names that say nothing about what a package owns.
var bannedNames = []string{"util", "utils", "common", "helper", "helpers", "service", "services", "model", "models"}

const (
	// readsTime are the packages that may call time.Now, time.Since and time.Until, beside tests.
	readsTime = "internal/clock cmd/... rp/..."
	// maxLines is the most that a hand-written file may have.
	maxLines = 400
)
