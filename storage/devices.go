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
	City        string // of the address, in English; "" where nobody knows
	Country     string // ISO 3166-1 alpha-2
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
		Set("city = EXCLUDED.city").Set("country = EXCLUDED.country").
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

// Device returns a device, or ErrNotFound.
func (s *Store) Device(ctx context.Context, id string) (*Device, error) {
	d := new(Device)
	err := s.db.NewSelect().Model(d).Where("id = ?", id).Scan(ctx)
	return d, found(err, "read device")
}

// Devices returns devices by id, the newest first; with a userID those on which that user has had a session that is still
// kept.
func (s *Store) Devices(ctx context.Context, userID, after string, n int) (list []*Device, err error) {
	q := s.db.NewSelect().Model(&list).Order("id DESC").Limit(limit(n))
	if userID != "" {
		q = q.Where("id IN (SELECT device_id FROM sessions WHERE user_id = ?)", userID)
	}
	if after != "" {
		q = q.Where("id < ?", after)
	}
	return list, wrap(q.Scan(ctx), "list devices")
}

// HoldDevice keeps anybody from signing in on a device before the transaction has committed, or returns ErrNotFound. The
// statement changes nothing: it is the row's lock on every engine.
func (s *Store) HoldDevice(ctx context.Context, id string) error {
	res, err := s.db.NewRaw(`UPDATE devices SET last_seen_at = last_seen_at WHERE id = ?`, id).Exec(ctx)
	return changed(res, err, "hold device")
}

// Visit is a request that a session's own browser has made.
type Visit struct {
	UserID, SessionID, DeviceID string
	UserAgent, IPAddress        string
	City, Country               string
	At                          time.Time
}

// Visited writes where a session and its device are. When the session was last used is for Touch.
func (s *Store) Visited(ctx context.Context, v Visit) error {
	_, err := s.db.NewRaw(`UPDATE sessions SET user_agent = ?, ip_address = ?, city = ?, country = ?
		WHERE user_id = ? AND id = ? AND status = 'active'`,
		v.UserAgent, v.IPAddress, v.City, v.Country, v.UserID, v.SessionID).Exec(ctx)
	if err != nil || v.DeviceID == "" {
		return wrap(err, "record visit")
	}
	_, err = s.db.NewRaw(`UPDATE devices SET user_agent = ?, ip_address = ?, city = ?, country = ?, last_seen_at = ?
		WHERE id = ? AND last_seen_at < ?`, v.UserAgent, v.IPAddress, v.City, v.Country, At(v.At), v.DeviceID, At(v.At)).Exec(ctx)
	return wrap(err, "record visit")
}

// DeleteDevices removes at most n devices that were last seen before an instant and that no session names, and returns how
// many there were.
func (s *Store) DeleteDevices(ctx context.Context, before time.Time, n int) (int, error) {
	res, err := s.db.NewRaw(`DELETE FROM devices WHERE id IN (SELECT d.id FROM devices d WHERE d.last_seen_at < ?
		AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.device_id = d.id) ORDER BY d.id LIMIT ?)`, At(before), n).Exec(ctx)
	if err != nil {
		return 0, wrap(err, "delete devices")
	}
	gone, err := res.RowsAffected()
	return int(gone), wrap(err, "delete devices")
}

// LeaveDevice takes a user's sessions off a device, or returns ErrNotFound where there are none. They must have ended.
func (s *Store) LeaveDevice(ctx context.Context, userID, deviceID string) error {
	res, err := s.db.NewRaw(`UPDATE sessions SET device_id = '' WHERE user_id = ? AND device_id = ?`, userID, deviceID).Exec(ctx)
	return changed(res, err, "leave device")
}

// ForgetUnusedDevice removes a device that no session names, or returns ErrNotFound.
func (s *Store) ForgetUnusedDevice(ctx context.Context, id string) error {
	res, err := s.db.NewRaw(`DELETE FROM devices WHERE id = ? AND NOT EXISTS (SELECT 1 FROM sessions WHERE device_id = ?)`,
		id, id).Exec(ctx)
	return changed(res, err, "forget device")
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
