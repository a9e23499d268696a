package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

// Fallback is the language of those whose own is not spoken here.
const Fallback = "en"

//go:embed *.json
var files embed.FS

// Set is every language at once. It does not change after Load.
type Set struct {
	texts   []*Texts // the fallback first
	matcher language.Matcher
}

// Load reads the embedded languages, or only those named, of which the first is for people whose own is not among them.
func Load(only ...string) (*Set, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("list locales: %w", err)
	}
	s := &Set{}
	for _, e := range entries {
		raw, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, fmt.Errorf("read locale: %w", err)
		}
		t := &Texts{Lang: strings.TrimSuffix(e.Name(), ".json")}
		if err := json.Unmarshal(raw, &t.words); err != nil {
			return nil, fmt.Errorf("parse locale %s: %w", e.Name(), err)
		}
		t.Dir = t.words["locale.dir"]
		s.texts = append(s.texts, t)
	}
	if err := s.choose(only); err != nil {
		return nil, err
	}
	var tags []language.Tag
	for _, t := range s.texts {
		tag, err := language.Parse(t.Lang)
		if err != nil {
			return nil, fmt.Errorf("locale %s: %w", t.Lang, err)
		}
		tags = append(tags, tag)
	}
	s.matcher = language.NewMatcher(tags)
	return s, nil
}

// choose keeps the languages that are named, in that order; without names all of them, the fallback first.
func (s *Set) choose(only []string) error {
	if len(only) == 0 {
		sort.SliceStable(s.texts, func(i, j int) bool { return s.texts[i].Lang == Fallback && s.texts[j].Lang != Fallback })
		return nil
	}
	var chosen []*Texts
	for _, lang := range only {
		i := slices.IndexFunc(s.texts, func(t *Texts) bool { return t.Lang == lang })
		if i < 0 {
			return fmt.Errorf("the pages are not written in %q", lang)
		}
		chosen = append(chosen, s.texts[i])
	}
	s.texts = chosen
	return nil
}

// All returns the languages, the fallback first.
func (s *Set) All() []*Texts { return s.texts }

// Match returns the best language for a person who asked for explicit ones, best
// first, or else sent the Accept-Language header accept. It never fails: what
// cannot be read counts for nothing (OpenID Connect Core 3.1.2.1: an unknown
// ui_locales is no error).
func (s *Set) Match(explicit []string, accept string) *Texts {
	for _, e := range explicit {
		if tag, err := language.Parse(e); err == nil {
			if _, i, c := s.matcher.Match(tag); c >= language.Low {
				return s.texts[i]
			}
		}
	}
	// The header is a stranger's: a parser gets no more of it than a browser sends.
	if len(accept) > 256 {
		accept = accept[:256]
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return s.texts[0]
	}
	if _, i, c := s.matcher.Match(tags...); c >= language.Low {
		return s.texts[i]
	}
	return s.texts[0]
}

// Texts is one language. It is data, passed to the templates with each request:
// a function bound into a shared template would speak another request's language.
type Texts struct {
	Lang string // BCP 47
	Dir  string // ltr or rtl

	words map[string]string
}

// Keys returns every key of the language, sorted.
func (t *Texts) Keys() []string {
	keys := make([]string, 0, len(t.words))
	for k := range t.words {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// Has reports whether the language has the key.
func (t *Texts) Has(key string) bool {
	_, ok := t.words[key]
	return ok
}

// T returns the text of key with args in its placeholders, as plain text: the
// template escapes it.
func (t *Texts) T(key string, args ...any) string {
	return expand(t.word(key), args, func(s string) string { return s })
}

// N is T in the form that goes with n, which is also {0}.
func (t *Texts) N(key string, n int, args ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return t.T(key+form, append([]any{n}, args...)...)
}

// Strong is T with each value set apart: bold, and isolated so that a name in
// another script cannot turn the sentence around. Text and values are escaped.
func (t *Texts) Strong(key string, args ...any) template.HTML {
	return template.HTML(expand(template.HTMLEscapeString(t.word(key)), args, func(s string) string {
		return "<b><bdi>" + template.HTMLEscapeString(s) + "</bdi></b>"
	}))
}

// HTML is T with values that may be elements; all others are escaped, as the text is.
func (t *Texts) HTML(key string, args ...any) template.HTML {
	parts := make([]any, len(args))
	for i, a := range args {
		if h, ok := a.(template.HTML); ok {
			parts[i] = string(h)
			continue
		}
		parts[i] = template.HTMLEscapeString(fmt.Sprint(a))
	}
	return template.HTML(expand(template.HTMLEscapeString(t.word(key)), parts, func(s string) string { return s }))
}

// word never fails, so that a missing text costs a word and not the page; the
// brackets are what the test looks for.
func (t *Texts) word(key string) string {
	if w, ok := t.words[key]; ok {
		return w
	}
	return "⟦" + key + "⟧"
}

// expand reads the text once from left to right: a value that contains {1} stays
// what it is.
func expand(text string, args []any, wrap func(string) string) string {
	if len(args) == 0 {
		return text
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '{')
		if i < 0 {
			break
		}
		j := strings.IndexByte(text[i:], '}')
		if j < 0 {
			break
		}
		b.WriteString(text[:i])
		n, err := strconv.Atoi(text[i+1 : i+j])
		if err == nil && n >= 0 && n < len(args) {
			b.WriteString(wrap(fmt.Sprint(args[n])))
		} else {
			b.WriteString(text[i : i+j+1])
		}
		text = text[i+j+1:]
	}
	b.WriteString(text)
	return b.String()
}
