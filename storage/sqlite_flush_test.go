package storage

import (
	"path/filepath"
	"testing"
)

// What is acknowledged has reached the disk, unless a test asked for less.
func TestSQLiteFlushesCommits(t *testing.T) {
	for name, c := range map[string]struct {
		opts []Option
		want int // https://www.sqlite.org/pragma.html#pragma_synchronous: FULL is 2
	}{"by default": {nil, 2}, "unflushed": {[]Option{Unflushed()}, 0}} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), filepath.Join(t.TempDir(), "curfew.db"), c.opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			var got int
			if err := s.root.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&got); err != nil || got != c.want {
				t.Errorf("synchronous = %d, %v, want %d", got, err, c.want)
			}
		})
	}
}
