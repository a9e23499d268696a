package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path"
	"strings"

	"github.com/curfew-id/curfew/cmd/curfew/server"
	"github.com/curfew-id/curfew/config"
	"github.com/curfew-id/curfew/internal/httpx"
)

// brandPath is where the operator's own files are served.
const brandPath = "/brand/"

// brandFiles are the operator's logo and stylesheet, read at the start. Their URLs carry a hash of the content.
type brandFiles struct {
	logo, stylesheet string // URLs, "" for none
	byPath           map[string]brandFile
}

type brandFile struct {
	contentType string
	body        []byte
}

var brandTypes = map[string]string{".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp",
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".css": "text/css; charset=utf-8"}

func readBrand(c config.Branding) (*brandFiles, error) {
	f := &brandFiles{byPath: map[string]brandFile{}}
	var err error
	if f.logo, err = f.read("branding.logo", c.Logo, "logo"); err != nil {
		return nil, err
	}
	f.stylesheet, err = f.read("branding.stylesheet", c.Stylesheet, "style")
	return f, err
}

func (f *brandFiles) read(key, file, name string) (string, error) {
	if file == "" {
		return "", nil
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	extension := strings.ToLower(path.Ext(file))
	sum := sha256.Sum256(body)
	url := brandPath + name + "-" + hex.EncodeToString(sum[:8]) + extension
	f.byPath[url] = brandFile{brandTypes[extension], body}
	return url, nil
}

// before serves the files and leaves the rest to next.
func (f *brandFiles) before(next http.Handler, o server.Options) http.Handler {
	if len(f.byPath) == 0 {
		return next
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+brandPath+"{file}", f.serve)
	own := httpx.Wrap(mux, httpx.WrapOptions{Log: o.Log, Requests: o.Requests, Proxies: o.Proxies,
		Meter: o.Metrics, HSTS: strings.HasPrefix(o.Issuer, "https:")})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, brandPath) {
			own.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (f *brandFiles) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := f.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	// An SVG that is opened by itself is a document: it must not run anything on this origin.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	_, _ = w.Write(file.body)
}
