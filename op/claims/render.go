package claims

import (
	"bytes"
	"encoding/json"
)

// Bound is a template with what it says of one version of a user in place. It is immutable.
type Bound struct {
	parts []part
	// TooLarge counts values that were passed over for their size.
	TooLarge int
}

// Bind puts what a template says of a user in place, so that only what differs from token to token is left.
func (t *Template) Bind(u *User) *Bound {
	b := new(Bound)
	var text []byte
	for _, p := range t.parts {
		if p.value == nil {
			text = append(text, p.text...)
			continue
		}
		rest, v, tooLarge := p.value.bind(u)
		b.TooLarge += tooLarge
		if rest != nil {
			b.parts = append(b.parts, part{text: text}, part{value: rest})
			text = nil
			continue
		}
		text = appendValue(text, v, p.value.inText)
	}
	if len(text) > 0 {
		b.parts = append(b.parts, part{text: text})
	}
	return b
}

// bind takes the operands in their order as long as they are of the user. It returns the first value there is, or what
// is left to look for in a session.
func (e *expression) bind(u *User) (rest *expression, v []byte, tooLarge int) {
	for i, o := range e.operands {
		if o.field != nil && o.field.session != nil {
			left := &expression{bound: e.bound, inText: e.inText}
			for _, o := range e.operands[i:] {
				if o.field != nil && o.field.user != nil { // behind a name of the session: it is a literal from here on
					v, large := o.find(o.field.user(u), e.inText)
					if v == nil {
						tooLarge += large
						continue
					}
					o = operand{literal: v, bound: o.bound}
				}
				left.operands = append(left.operands, o)
			}
			return left, nil, tooLarge
		}
		v := []byte(o.literal)
		if o.field != nil {
			var large int
			v, large = o.find(o.field.user(u), e.inText)
			tooLarge += large
		}
		if v != nil {
			return nil, v, tooLarge
		}
	}
	return nil, nil, tooLarge
}

// Append appends the members of the template's object, without braces, for a token of a session.
func (b *Bound) Append(dst []byte, s *Session) []byte {
	for _, p := range b.parts {
		if p.value == nil {
			dst = append(dst, p.text...)
			continue
		}
		dst = appendValue(dst, p.value.in(s), p.value.inText)
	}
	return dst
}

func (e *expression) in(s *Session) []byte {
	for _, o := range e.operands {
		if o.field == nil {
			return o.literal
		}
		if v, _ := o.find(o.field.session(s), e.inText); v != nil {
			return v
		}
	}
	return nil
}

// find returns the value of a name in what its field holds, or nil where it is missing, null, an empty text or too large.
func (o *operand) find(v []byte, inText bool) (found []byte, tooLarge int) {
	for _, name := range o.down {
		var members map[string]json.RawMessage
		if json.Unmarshal(v, &members) != nil {
			return nil, 0
		}
		v = members[name]
	}
	if len(v) == 0 || bytes.Equal(v, []byte("null")) || bytes.Equal(v, []byte(`""`)) {
		return nil, 0
	}
	if o.field.tier {
		v = compact(v)
	}
	size := len(v)
	if inText && v[0] != '"' { // its quotes and backslashes are escaped there
		size += bytes.Count(v, []byte(`"`)) + bytes.Count(v, []byte(`\`))
	}
	if size > o.bound {
		return nil, 1
	}
	return v, 0
}

func compact(v []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, v) != nil {
		return nil
	}
	return b.Bytes()
}

// appendValue appends JSON as it is, or as a part of a text: a string without its quotes, anything else as it is written.
func appendValue(dst, v []byte, inText bool) []byte {
	switch {
	case !inText && v == nil:
		return append(dst, "null"...)
	case !inText:
		return append(dst, v...)
	case v == nil:
		return dst
	case v[0] == '"':
		return append(dst, v[1:len(v)-1]...) // is escaped already
	}
	return appendEscaped(dst, string(v))
}
