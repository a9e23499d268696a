package config

import (
	"fmt"
	"log/slog"
	"strings"
)

// String writes the settings as they are in effect, secrets only as set.
func (c *Config) String() string {
	var b strings.Builder
	for _, f := range Fields() {
		fmt.Fprintf(&b, "%s: %s\n", f.Key, f.text(c))
	}
	return b.String()
}

// LogValue is the same for slog.
func (c *Config) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, f := range Fields() {
		attrs = append(attrs, slog.String(f.Key, f.text(c)))
	}
	return slog.GroupValue(attrs...)
}
