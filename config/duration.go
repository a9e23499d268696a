package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// ParseDuration reads Go's durations with days before them: 90s, 12h, 30d, 1d12h. A day is 24 hours. There are no
// negative ones, and no bare numbers, whose unit would be a guess.
func ParseDuration(s string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is not a duration such as 90s, 12h or 30d", s)
	if s == "" || strings.ContainsAny(s, "+-") || s == "0" {
		return 0, wrong
	}
	days, rest, found := strings.Cut(s, "d")
	if !found {
		days, rest = "", s
	}
	var d time.Duration
	if found {
		n, err := strconv.ParseUint(days, 10, 16) // up to 179 years: no overflow
		if err != nil {
			return 0, wrong
		}
		d = time.Duration(n) * day
	}
	if rest != "" {
		r, err := time.ParseDuration(rest)
		if err != nil || d+r < d {
			return 0, wrong
		}
		d += r
	}
	return d, nil
}

// FormatDuration writes what ParseDuration reads, without the zeros of time.Duration's String.
func FormatDuration(d time.Duration) string {
	var b strings.Builder
	if d >= day {
		fmt.Fprintf(&b, "%dd", d/day)
		d %= day
		if d == 0 {
			return b.String()
		}
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return b.String() + s
}
