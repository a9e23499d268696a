package config

import "strings"

// Problem is one thing that is wrong with a setting.
type Problem struct {
	Key  string // the setting, the environment variable or the file
	Text string
}

func (p Problem) String() string { return p.Key + ": " + p.Text }

// Problems is the error of Load and Validate: everything that is wrong, one line each.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}

func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

func (p *Problems) add(key, text string) { *p = append(*p, Problem{key, text}) }

// has reports whether something is already wrong with the key, so that a value that could not be read is not called
// missing as well.
func (p Problems) has(key string) bool {
	for i := range p {
		if p[i].Key == key {
			return true
		}
	}
	return false
}
