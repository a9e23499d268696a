package httpx

import (
	"iter"
	"log/slog"
	"net/url"
	"strconv"
)

const maxParams = 64 // the longest request of any specification here has about thirty

// Params are the parameters of an OAuth request: each name once, no empty values (RFC 6749 3.1, 3.2), valid UTF-8
// without NUL. They keep the order in which they came. The zero value has none.
type Params struct {
	pairs []pair
	first [14]pair // the pairs of nearly every request, without a second allocation
}

type pair struct{ name, value string }

// Get returns the value of a parameter, "" if it was not sent.
func (p *Params) Get(name string) string {
	for i := range p.pairs {
		if p.pairs[i].name == name {
			return p.pairs[i].value
		}
	}
	return ""
}

// Has reports whether a parameter was sent with a value.
func (p *Params) Has(name string) bool { return p.Get(name) != "" }

// List returns all values of a parameter that may be repeated.
func (p *Params) List(name string) []string {
	var list []string
	for i := range p.pairs {
		if p.pairs[i].name == name {
			list = append(list, p.pairs[i].value)
		}
	}
	return list
}

// Len returns how many parameters were sent with a value.
func (p *Params) Len() int { return len(p.pairs) }

// All yields names and values in the order in which they came.
func (p *Params) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := range p.pairs {
			if !yield(p.pairs[i].name, p.pairs[i].value) {
				return
			}
		}
	}
}

// Values returns a copy in net/url's form, for code that needs it.
func (p *Params) Values() url.Values {
	v := make(url.Values, len(p.pairs))
	for i := range p.pairs {
		v[p.pairs[i].name] = append(v[p.pairs[i].name], p.pairs[i].value)
	}
	return v
}

// String tells how many there are and nothing of them: they hold passwords, codes and tokens.
func (p *Params) String() string { return strconv.Itoa(len(p.pairs)) + " parameters" }

// LogValue keeps the parameters out of logs.
func (p *Params) LogValue() slog.Value { return slog.StringValue(p.String()) }

// GoString keeps them out of %#v.
func (p *Params) GoString() string { return p.String() }
