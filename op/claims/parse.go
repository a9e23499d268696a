package claims

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Limits of a template.
const (
	// MaxRendered bounds what a template adds to a token, in bytes: with what stands in every token, a signature and the
	// third that base64 adds, a token keeps below 4 KiB.
	MaxRendered = 2 << 10

	maxSource     = 8 << 10
	maxDepth      = 8
	maxShortcodes = 64
)

// Fault is what is wrong with a template: where, as a path into the document, and why. Both are for the administrator.
type Fault struct {
	At     string // claims.hasura.roles[0]
	Reason string
}

func (f *Fault) Error() string { return f.At + ": " + f.Reason }

// Template is a compiled claim template. It is immutable.
type Template struct {
	// Members are the names of its claims, in their order.
	Members []string

	parts []part
	bound int
}

// Bound returns the most bytes that the template can add to a token.
func (t *Template) Bound() int { return t.bound }

// part is fixed text or the place of a value; exactly one of the two is set.
type part struct {
	text  []byte
	value *expression
}

// Parse compiles the JSON of a template, or returns a *Fault.
func Parse(source []byte) (*Template, error) {
	if len(source) > maxSource {
		return nil, &Fault{"claims", fmt.Sprintf("is larger than %d bytes", maxSource)}
	}
	p := &parser{dec: json.NewDecoder(bytes.NewReader(source)), template: new(Template)}
	p.dec.UseNumber()
	if err := p.document(); err != nil {
		return nil, err
	}
	p.flush()
	t := p.template
	if t.bound > MaxRendered {
		return nil, &Fault{p.largest, fmt.Sprintf("the claims could take %d bytes, %d at most; this one takes the most of it", t.bound, MaxRendered)}
	}
	return t, nil
}

type parser struct {
	dec        *json.Decoder
	template   *Template
	text       []byte // fixed text since the last shortcode
	shortcodes int
	largest    string // the place that takes the most room
	room       int    // how much
}

func (p *parser) document() error {
	first, err := p.dec.Token()
	if err != nil {
		return malformed("claims", err)
	}
	if first != json.Delim('{') {
		return &Fault{"claims", "must be a JSON object"}
	}
	if err := p.members("claims", 1); err != nil {
		return err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return &Fault{"claims", "must be one JSON object and nothing behind it"}
	}
	return nil
}

// members reads an object behind its opening brace. The outermost is written without braces: it joins what a token has.
func (p *parser) members(at string, depth int) error {
	if depth > maxDepth {
		return &Fault{at, fmt.Sprintf("is nested deeper than %d", maxDepth)}
	}
	var names []string
	for p.dec.More() {
		name, err := p.dec.Token()
		if err != nil {
			return malformed(at, err)
		}
		s := name.(string) // the decoder accepts nothing else there
		here := at + "." + s
		switch {
		case slices.Contains(names, s):
			return &Fault{here, "stands there twice"}
		case strings.Contains(s, "{{"):
			return &Fault{here, "a name cannot hold a shortcode"}
		case depth == 1 && s == "":
			return &Fault{here, "has no name"}
		case depth == 1 && Reserved(s):
			return &Fault{here, "is set by curfew itself and cannot be set by a template"}
		}
		if len(names) > 0 {
			p.text = append(p.text, ',')
		}
		names = append(names, s)
		p.text = append(appendQuoted(p.text, s), ':')
		before := p.sofar()
		if err := p.value(here, depth); err != nil {
			return err
		}
		if took := p.sofar() - before; depth == 1 && took > p.room {
			p.room, p.largest = took, here
		}
	}
	if _, err := p.dec.Token(); err != nil {
		return malformed(at, err)
	}
	if depth == 1 {
		p.template.Members = names
	}
	return nil
}

// sofar is how many bytes the template can take up to here.
func (p *parser) sofar() int { return p.template.bound + len(p.text) }

func (p *parser) value(at string, depth int) error {
	t, err := p.dec.Token()
	if err != nil {
		return malformed(at, err)
	}
	switch v := t.(type) {
	case json.Delim:
		return p.nested(v, at, depth+1)
	case string:
		return p.string(at, v)
	case json.Number:
		p.text = append(p.text, v...)
	case bool:
		p.text = strconv.AppendBool(p.text, v)
	default:
		p.text = append(p.text, "null"...)
	}
	return nil
}

func (p *parser) nested(open json.Delim, at string, depth int) error {
	if open == '{' {
		p.text = append(p.text, '{')
		err := p.members(at, depth)
		p.text = append(p.text, '}')
		return err
	}
	if depth > maxDepth {
		return &Fault{at, fmt.Sprintf("is nested deeper than %d", maxDepth)}
	}
	p.text = append(p.text, '[')
	for i := 0; p.dec.More(); i++ {
		if i > 0 {
			p.text = append(p.text, ',')
		}
		if err := p.value(at+"["+strconv.Itoa(i)+"]", depth); err != nil {
			return err
		}
	}
	p.text = append(p.text, ']')
	if _, err := p.dec.Token(); err != nil {
		return malformed(at, err)
	}
	return nil
}

// string compiles a string: one shortcode alone stands for its value, others are parts of the text around them.
func (p *parser) string(at, s string) error {
	if inner, ok := alone(s); ok {
		return p.shortcode(at, inner, false)
	}
	p.text = append(p.text, '"')
	for {
		before, rest, found := strings.Cut(s, "{{")
		p.text = appendEscaped(p.text, before)
		if !found {
			break
		}
		end := closing(rest)
		if end < 0 {
			return &Fault{at, "a shortcode is not closed by }}"}
		}
		if err := p.shortcode(at, rest[:end], true); err != nil {
			return err
		}
		s = rest[end+2:]
	}
	p.text = append(p.text, '"')
	return nil
}

// alone returns what a shortcode says that is the whole string.
func alone(s string) (string, bool) {
	rest, ok := strings.CutPrefix(s, "{{")
	if !ok {
		return "", false
	}
	if end := closing(rest); end == len(rest)-2 {
		return rest[:end], true
	}
	return "", false
}

// closing returns where the braces stand that close a shortcode, outside of its literals; -1 for nowhere.
func closing(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case !quoted && strings.HasPrefix(s[i:], "}}"):
			return i
		}
	}
	return -1
}

func (p *parser) shortcode(at, text string, inText bool) error {
	if p.shortcodes++; p.shortcodes > maxShortcodes {
		return &Fault{at, fmt.Sprintf("there are more than %d shortcodes", maxShortcodes)}
	}
	e, reason := parseExpression(text, inText)
	if reason != "" {
		return &Fault{at, reason}
	}
	p.flush()
	p.template.parts = append(p.template.parts, part{value: e})
	p.template.bound += e.bound
	return nil
}

// flush makes the fixed text a part.
func (p *parser) flush() {
	if len(p.text) == 0 {
		return
	}
	p.template.parts = append(p.template.parts, part{text: p.text})
	p.template.bound += len(p.text)
	p.text = nil
}

func malformed(at string, err error) error {
	var s *json.SyntaxError
	if errors.As(err, &s) {
		return &Fault{at, fmt.Sprintf("is no JSON: byte %d: %s", s.Offset, s.Error())}
	}
	return &Fault{at, "is no JSON: it ends too soon"}
}
