package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a setting that is never printed: not by fmt, not by slog, not as JSON or YAML. The zero value is not set.
type Secret struct{ text string }

// NewSecret wraps s.
func NewSecret(s string) Secret { return Secret{s} }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return s.text }

// IsSet reports whether there is one.
func (s Secret) IsSet() bool { return s.text != "" }

// String tells whether it is set, and nothing else.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return "[set]"
}

// Format covers every verb of fmt, %#v and %x too.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue keeps it out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps it out of JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
