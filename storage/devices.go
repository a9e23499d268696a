package storage

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// Device is a remembered browser or app, found by the hash of its cookie.
type Device struct {
	bun.BaseModel `bun:"table:devices"`

	ID          string `bun:"id,pk"`
	CookieHash  []byte
	UserAgent   string
	IPAddress   string `bun:"ip_address"`
	FirstSeenAt Time
	LastSeenAt  Time
}

// DeviceByCookie returns the device with this cookie, or ErrNotFound.
func (s *Store) DeviceByCookie(ctx context.Context, cookieHash []byte) (*Device, error) {
	d := new(Device)
	err := s.db.NewSelect().Model(d).Where("cookie_hash = ?", cookieHash).Scan(ctx)
	return d, found(err, "read device")
}

// SeeDevice adds a device, or notes that one with the same cookie was seen again; it returns the stored row.
func (s *Store) SeeDevice(ctx context.Context, d *Device) (*Device, error) {
	_, err := s.db.NewInsert().Model(d).On("CONFLICT (cookie_hash) DO UPDATE").
		Set("user_agent = EXCLUDED.user_agent").Set("ip_address = EXCLUDED.ip_address").
		Set("last_seen_at = EXCLUDED.last_seen_at").Exec(ctx)
	if err != nil {
		return nil, wrap(err, "record device")
	}
	return s.DeviceByCookie(ctx, d.CookieHash)
}

// RenewDevice gives a device another cookie, and the authorization requests that its browser has under way with it.
func (s *Store) RenewDevice(ctx context.Context, d *Device, cookieHash []byte, now time.Time) error {
	return s.Tx(ctx, func(tx *Store) error {
		res, err := tx.db.NewRaw(`UPDATE devices SET cookie_hash = ? WHERE id = ?`, cookieHash, d.ID).Exec(ctx)
		if err := changed(res, err, "renew device"); err != nil {
			return err
		}
		_, err = tx.db.NewRaw(`UPDATE auth_requests SET browser_hash = ?
			WHERE browser_hash = ? AND finished_at IS NULL AND expires_at > ?`, cookieHash, d.CookieHash, At(now)).Exec(ctx)
		return wrap(err, "renew requests of device")
	})
}

// ForgetDevice removes a device, or returns ErrNotFound. Its sessions must have been ended before.
func (s *Store) ForgetDevice(ctx context.Context, id string) error {
	res, err := s.db.NewDelete().Model((*Device)(nil)).Where("id = ?", id).Exec(ctx)
	return changed(res, err, "forget device")
}

// HasSignedIn tells whether the user has ever had a session on the device with this cookie that is still remembered.
func (s *Store) HasSignedIn(ctx context.Context, userID string, cookieHash []byte, since time.Time) (bool, error) {
	ok, err := s.db.NewSelect().Model((*Session)(nil)).
		Where("user_id = ? AND created_at > ?", userID, At(since)).
		Where("device_id = (SELECT id FROM devices WHERE cookie_hash = ?)", cookieHash).Exists(ctx)
	return ok, wrap(err, "look for a session of the device")
}
