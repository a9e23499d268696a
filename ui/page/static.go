package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/curfew-id/curfew/ui/static"
)

// StaticPath is where Static is mounted.
const StaticPath = "/static/"

// asset is one embedded file.
type asset struct {
	content []byte
	kind    string // Content-Type
	hash    string // of the content, in its URL
}

// assets reads the embedded files once; they are part of the program, so that
// failing to read them is a fault of the build.
var assets = sync.OnceValue(func() map[string]asset {
	all := map[string]asset{}
	names, err := fs.Glob(static.Files, "*")
	if err != nil {
		panic(fmt.Sprintf("page: list static files: %v", err))
	}
	for _, name := range names {
		content, err := static.Files.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("page: read static file %s: %v", name, err))
		}
		sum := sha256.Sum256(content)
		all[name] = asset{content: content, kind: contentType(name), hash: hex.EncodeToString(sum[:6])}
	}
	return all
})

// contentType does not ask the machine for its mime table, which differs between
// machines and has served JavaScript as text/plain.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// assetURL returns where the file name is served: curfew.css becomes
// /static/curfew.0a1b2c3d4e5f.css.
func assetURL(name string) (string, error) {
	a, ok := assets()[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	ext := path.Ext(name)
	return StaticPath + strings.TrimSuffix(name, ext) + "." + a.hash + ext, nil
}

// Static serves the embedded files under StaticPath. A URL with the content's hash may be
// kept for ever. One with another hash is answered too, without that promise:
// while replicas are replaced, a page of the new one may ask the old one.
func Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name, hash := splitHash(strings.TrimPrefix(r.URL.Path, StaticPath))
		a, ok := assets()[name]
		if !ok {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.kind)
		h.Set("X-Content-Type-Options", "nosniff")
		// An SVG opened by itself is a document, and gets none of our rights.
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
		h.Set("ETag", `"`+a.hash+`"`)
		h.Set("Cache-Control", "no-cache")
		if hash == a.hash {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.content))
	})
}

// splitHash takes curfew.0a1b2c3d4e5f.css apart into curfew.css and the hash.
func splitHash(file string) (name, hash string) {
	ext := path.Ext(file)
	stem := strings.TrimSuffix(file, ext)
	if i := strings.LastIndexByte(stem, '.'); i >= 0 {
		return stem[:i] + ext, stem[i+1:]
	}
	return file, ""
}
