package claims

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// expression is what stands in a shortcode: the first of its operands that there is.
type expression struct {
	operands []operand
	bound    int // the most bytes that it renders to
	// inText: its place is inside of a string, and takes the value as text.
	inText bool
}

// operand is a literal, as JSON, or a name.
type operand struct {
	literal json.RawMessage
	field   *field
	root    string
	down    []string // below a tier of metadata
	bound   int
}

// parseExpression reads name || name || literal; reason says what is wrong, in words.
func parseExpression(text string, inText bool) (e *expression, reason string) {
	e = &expression{bound: len("null"), inText: inText}
	for _, s := range splitOperands(text) {
		o, reason := parseOperand(strings.TrimSpace(s))
		if reason != "" {
			return nil, reason
		}
		if n := len(e.operands); n > 0 && e.operands[n-1].literal != nil {
			return nil, "nothing can follow a literal: it is always there"
		}
		e.operands = append(e.operands, o)
		e.bound = max(e.bound, o.bound)
	}
	return e, ""
}

// splitOperands splits at || outside of literals.
func splitOperands(s string) (list []string) {
	quoted, from := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case !quoted && strings.HasPrefix(s[i:], "||"):
			list = append(list, s[from:i])
			i++
			from = i + 1
		}
	}
	return append(list, s[from:])
}

func parseOperand(s string) (o operand, reason string) {
	switch {
	case s == "":
		return o, "a name or a literal is missing"
	case s[0] == '\'':
		inner := s[1:]
		if !strings.HasSuffix(inner, "'") || strings.Count(inner, "'") != 1 {
			return o, fmt.Sprintf("%s is no literal: text stands between two single quotes", s)
		}
		o.literal = appendQuoted(nil, strings.TrimSuffix(inner, "'"))
	case s == "true", s == "false", s == "null", s[0] == '-', s[0] >= '0' && s[0] <= '9':
		if !json.Valid([]byte(s)) {
			return o, s + " is no number"
		}
		o.literal = json.RawMessage(s)
	default:
		return parseName(s)
	}
	o.bound = len(o.literal)
	return o, ""
}

// parseName reads user.public_metadata.plan, and user.public_metadata.plan:1024 where a value may be larger than usual.
func parseName(s string) (o operand, reason string) {
	name, size, sized := strings.Cut(s, ":")
	root, rest, _ := strings.Cut(name, ".")
	fields, ok := roots[root]
	if !ok {
		return o, fmt.Sprintf("there is no %q: names begin with user, session or client", s)
	}
	f, down := find(fields, rest)
	if f == nil {
		return o, fmt.Sprintf("there is no %q", name)
	}
	o = operand{field: f, root: root, bound: f.bound}
	if rest != "" && fields[rest] == nil {
		o.down = strings.Split(down, ".")
		for _, d := range o.down {
			if d == "" {
				return o, fmt.Sprintf("%q has a dot too many", name)
			}
		}
	}
	if sized {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 || n > MaxRendered || !f.tier {
			return o, fmt.Sprintf("%q: only metadata takes a size, from 1 to %d bytes", s, MaxRendered)
		}
		o.bound = n
	}
	return o, ""
}

// find returns the field with the longest name that name begins with, and the rest below it.
func find(fields map[string]*field, name string) (f *field, down string) {
	if f := fields[name]; f != nil {
		return f, ""
	}
	for tier, f := range fields {
		if rest, ok := strings.CutPrefix(name, tier+"."); ok && f.tier {
			return f, rest
		}
	}
	return nil, ""
}
