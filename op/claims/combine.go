package claims

import (
	"bytes"
	"encoding/json"
)

// Combine returns the document of two templates together: where both have a claim, it is the second's. Both must have been
// parsed before; empty stands for none.
func Combine(first, second []byte) ([]byte, error) {
	if len(first) == 0 {
		return second, nil
	}
	if len(second) == 0 {
		return first, nil
	}
	a, err := topMembers(first)
	if err != nil {
		return nil, err
	}
	b, err := topMembers(second)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, m := range b {
		taken[m.name] = true
	}
	var out bytes.Buffer
	out.WriteByte('{')
	write := func(m member) {
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(appendQuoted(nil, m.name))
		out.WriteByte(':')
		out.Write(m.value)
	}
	for _, m := range a {
		if !taken[m.name] {
			write(m)
		}
	}
	for _, m := range b {
		write(m)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

type member struct {
	name  string
	value json.RawMessage
}

// topMembers takes an object apart and keeps the order.
func topMembers(source []byte) (list []member, err error) {
	dec := json.NewDecoder(bytes.NewReader(source))
	if _, err := dec.Token(); err != nil {
		return nil, malformed("claims", err)
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, malformed("claims", err)
		}
		name, ok := t.(string)
		if !ok {
			return nil, &Fault{"claims", "must be a JSON object"}
		}
		m := member{name: name}
		if err := dec.Decode(&m.value); err != nil {
			return nil, malformed("claims."+name, err)
		}
		list = append(list, m)
	}
	return list, nil
}
