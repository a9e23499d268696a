package storage

import "context"

// Watch has seen called with every audit event in the transaction that writes it, those that are written together at once, so
// that what follows from an act is as sure as the act. An error undoes the act. It must be called before the store is used.
func (s *Store) Watch(seen func(ctx context.Context, tx *Store, list []*AuditEvent) error) {
	*s.seen = seen
}

// seenFunc is what Watch was given; all Stores of a database share one.
type seenFunc func(ctx context.Context, tx *Store, list []*AuditEvent) error

// BeforeCommit runs fn when the transaction has done all else, in the order of the calls: it sees what the transaction
// leaves. An error rolls back. Outside a transaction fn runs in one of its own.
func (s *Store) BeforeCommit(ctx context.Context, fn func(ctx context.Context, tx *Store) error) error {
	if !s.inTx() {
		return s.Tx(ctx, func(tx *Store) error { return fn(ctx, tx) })
	}
	*s.last = append(*s.last, fn)
	return nil
}

// settle runs what BeforeCommit was given, also what that adds.
func (s *Store) settle(ctx context.Context) error {
	for i := 0; i < len(*s.last); i++ {
		if err := (*s.last)[i](ctx, s); err != nil {
			return err
		}
	}
	return nil
}
