package storage_test

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// Under whichever filter, each session that is listed stands at it: what was written of it does not count.
func TestFilteredSessionsStandAtTheFilter(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		w := newWorld(t, s)
		live := w.start(t)
		far := t0.Add(10 * 365 * 24 * time.Hour)
		for _, written := range []bool{false, true} {
			for at, active := range map[time.Time]bool{t0: true, far: false} {
				n := 0
				for _, status := range []storage.SessionStatus{"pending", "active", "ended", "removed", "replaced", "revoked", "expired", "abandoned"} {
					list, err := s.SessionViews(t.Context(), storage.SessionViewFilter{Status: status, Written: written}, at)
					must(t, err)
					for _, v := range list {
						if n++; v.Stands != status {
							t.Errorf("%s stands at %s, listed as %s", v.ID, v.Stands, status)
						}
					}
					if status == storage.StatusActive && (len(list) > 0) != active {
						t.Errorf("%d active at %v", len(list), at)
					}
				}
				if !written && n == 0 {
					t.Errorf("%s is nowhere at %v", live.ID, at)
				}
			}
		}
	})
}
