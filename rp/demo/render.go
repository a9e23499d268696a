package demo

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"github.com/curfew-id/curfew/rp"
	"github.com/curfew-id/curfew/rp/js"
)

//go:embed static template
var files embed.FS

// staticPath holds a digest of what is in it, so that browsers may keep it for ever.
var staticPath = "/static/" + digest() + "/"

func digest() string {
	h := sha256.New()
	for _, of := range []fs.FS{files, js.FS} {
		err := fs.WalkDir(of, ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b, err := fs.ReadFile(of, name)
			h.Write(b)
			return err
		})
		if err != nil {
			panic(err) // embedded: cannot fail at run time
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

func static() http.Handler {
	sub, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // embedded: cannot fail at run time
	}
	serve := http.StripPrefix(staticPath, http.FileServerFS(sub))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		serve.ServeHTTP(w, r)
	})
}

// shell is what every page has around it.
type shell struct {
	Title     string
	Tab       string // home or spa
	Static    string
	Mark      mark
	Issuer    string
	HasSPA    bool
	SignedIn  bool // shows the sign-out button of the server app
	Login     string
	Logout    string
	PageClass string
	Banner    template.HTML // while somebody acts for the user
}

func (d *demo) shell(title, tab string) shell {
	return shell{
		Title: title, Tab: tab, Static: strings.TrimSuffix(staticPath, "/"), Mark: newMark(), Issuer: d.cfg.Issuer,
		HasSPA: d.cfg.SPAClientID != "", Login: d.app.LoginPath(), Logout: d.app.LogoutPath(),
	}
}

func page(name string) *template.Template {
	return template.Must(template.ParseFS(files, "template/shell.html", "template/dial.html", "template/"+name))
}

func (d *demo) render(w http.ResponseWriter, status int, t *template.Template, data any) {
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "shell.html", data); err != nil {
		http.Error(w, "This page could not be drawn.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error here is a browser that went away.
	_, _ = b.WriteTo(w)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error here is a client that went away.
	_ = json.NewEncoder(w).Encode(v)
}

func wantsJSON(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

var failurePage = page("failure.html")

type failureData struct {
	shell
	Code, Message string
	Again         bool // offer to sign in
}

// failure shows what rp could not do.
func (d *demo) failure(w http.ResponseWriter, r *http.Request, f *rp.Failure) {
	if wantsJSON(r) {
		writeJSON(w, f.Status, map[string]string{"error": f.Code, "message": f.Message})
		return
	}
	title := "That did not work"
	switch f.Code {
	case rp.CodeProviderUnavailable:
		title = "One moment"
	case rp.CodeSignInRequired:
		title = "Signed out"
	case "access_denied":
		title = "Cancelled"
	}
	d.render(w, f.Status, failurePage, failureData{shell: d.shell(title, "home"), Code: f.Code, Message: f.Message,
		Again: f.Code != rp.CodeProviderUnavailable})
}

func (d *demo) notFound(w http.ResponseWriter, _ *http.Request) {
	d.render(w, http.StatusNotFound, failurePage, failureData{shell: d.shell("Nothing here", "home"), Code: "not_found",
		Message: "This page does not exist."})
}
