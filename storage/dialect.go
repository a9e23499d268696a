package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// olderThanSchema lets reads pass over columns that this version does not know: while replicas are replaced, the old ones run
// on the schema of the new.
var olderThanSchema = bun.WithDiscardUnknownColumns()

// dialect is every difference between the two engines.
type dialect interface {
	open() (*bun.DB, error)
	close() error
	// now is the database's clock.
	now(ctx context.Context) (time.Time, error)
	// transient tells that a transaction failed only because of others and may be run again.
	transient(err error) bool
	// duplicate tells that a unique value was taken.
	duplicate(err error) bool
	// missingTable tells that a statement named a table that is not there.
	missingTable(err error) bool
	// tryLock takes a lock of that name which no other process has, see exclusive.go.
	tryLock(ctx context.Context, name string) (unlock func(), ok bool, err error)
	lockMigrations(ctx context.Context) (unlock func(), err error)
	// migrated is called when migrations were applied.
	migrated(ctx context.Context, db *bun.DB) error
	// clientVersions, refresh and touch are the hot statements, see refresh.go and sessions.go.
	clientVersions(ctx context.Context, asked []*versionAsk) error
	refresh(ctx context.Context, now time.Time, asked []*refreshAsk) error
	touch(ctx context.Context, seen []Activity, now time.Time) error
	// skipLocked is the locking clause that passes over rows which others have locked; "" where a transaction has them all.
	skipLocked() string
	// lockRow ends a statement that locks the rows it reads; "" where a transaction has them all.
	lockRow() string
	// claimDeliveries is the statement of ClaimDeliveries, for bun.
	claimDeliveries() string
	// ringEnds wakes other replicas after sessions have ended; hearEnds calls wake when one did, see session_bell.go.
	ringEnds(ctx context.Context) error
	hearEnds(ctx context.Context, wake func()) error
}

// Now returns the database's clock, which is the clock of all replicas.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	t, err := s.dialect.now(ctx)
	return t.UTC(), wrap(err, "read the database's clock")
}
