package storage

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Time is an instant as both engines store it: BIGINT microseconds since 1970, NULL for the zero Time.
type Time struct{ time.Time }

// At returns t as it will be read back: in UTC, to the microsecond.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Truncate(time.Microsecond)}
}

// Value implements driver.Valuer.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UnixMicro(), nil
}

// Scan implements sql.Scanner.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t = Time{}
	case int64:
		*t = Time{time.UnixMicro(v).UTC()}
	default:
		return fmt.Errorf("cannot read %T as an instant", src)
	}
	return nil
}

// Set tells whether there is an instant at all.
func (t Time) Set() bool { return !t.IsZero() }
