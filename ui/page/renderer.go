package page

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/curfew-id/curfew/ui/locale"
	files "github.com/curfew-id/curfew/ui/template"
)

// Options are the operator's choices.
type Options struct {
	Brand Brand
	// Languages are those to speak, the first to people who ask for none of them; none means all there are.
	Languages []string
	// Acting tells who acts as whom in the session of a request, nil for nobody: no page can forget to say so. nil: nobody
	// ever does.
	Acting func(*http.Request) *Acting
}

// Brand is what an operator puts on the pages. The zero Brand is curfew's own.
type Brand struct {
	Name          string // shown beside the mark and in every title
	LogoURL       string // stands in place of the dial; its origin is allowed as image source
	StylesheetURL string // loaded after curfew.css; its origin is allowed as style source
}

// Renderer renders pages. It is safe for concurrent use.
type Renderer struct {
	brand  Brand
	pages  map[string]*template.Template
	texts  *locale.Set
	acting func(*http.Request) *Acting
}

// New parses every template and language, once.
func New(o Options) (*Renderer, error) {
	if o.Brand.Name == "" {
		o.Brand.Name = "curfew"
	}
	texts, err := locale.Load(o.Languages...)
	if err != nil {
		return nil, err
	}
	rd := &Renderer{brand: o.Brand, texts: texts, pages: map[string]*template.Template{}, acting: o.Acting}
	names, err := fs.Glob(files.Files, "*.html")
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	for _, file := range names {
		name := strings.TrimSuffix(file, path.Ext(file))
		t, err := template.New(name).Option("missingkey=error").ParseFS(files.Files, "layout/*.html", "part/*.html", file)
		if err != nil {
			return nil, fmt.Errorf("parse template %s: %w", name, err)
		}
		rd.pages[name] = t
	}
	return rd, nil
}

// Languages returns the tags of the languages that pages are written in, the
// fallback first; discovery names them as ui_locales_supported.
func (rd *Renderer) Languages() []string {
	var tags []string
	for _, t := range rd.texts.All() {
		tags = append(tags, t.Lang)
	}
	return tags
}

// Render sends p with status. The page is rendered into memory first: on an
// error nothing has been sent, neither header nor body, and the caller may send
// another page.
func (rd *Renderer) Render(w http.ResponseWriter, r *http.Request, status int, p Page) error {
	t, ok := rd.pages[p.template()]
	if !ok {
		return fmt.Errorf("render %s: no such template", p.template())
	}
	v := view{
		Texts:  rd.texts.Match(p.shared().Locales, r.Header.Get("Accept-Language")),
		P:      p,
		Brand:  rd.brand,
		Status: status,
		set:    rd.texts,
	}
	if rd.acting != nil {
		v.acting = rd.acting(r)
	}
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, p.layout(), v); err != nil {
		return fmt.Errorf("render %s: %w", p.template(), err)
	}
	h := w.Header()
	needs := p.policy()
	needs.frames = p.shared().Frames
	writeHeaders(h, rd.brand, needs)
	h.Set("Content-Language", v.Lang)
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	if e, ok := p.(Error); ok && e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(e.RetryAfter))
	}
	w.WriteHeader(status)
	// A browser that went away is no fault of the page, and the caller could not
	// send it another.
	_, _ = w.Write(buf.Bytes())
	return nil
}
