package key

import (
	"time"

	"github.com/curfew-id/curfew/storage"
)

// States of a signing key.
const (
	StateNext    = "next"    // published, signs later
	StateSigning = "signing" // one of each algorithm
	StateRetired = "retired" // published until its last token is dead
)

// State is the state of the first key in a list that is ordered by when they begin to sign. One that a newer key has taken
// over from signs no more, also before the server's next look has written that down.
func State(list []*storage.SigningKey, now time.Time) string {
	k := list[0]
	switch {
	case k.RetiredAt.Set():
		return StateRetired
	case k.ActiveAt.After(now):
		return StateNext
	}
	for _, later := range list[1:] {
		if later.Alg == k.Alg && !later.ActiveAt.After(now) {
			return StateRetired
		}
	}
	return StateSigning
}
