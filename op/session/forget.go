package session

import (
	"context"
	"errors"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// ForgetDevice ends every session on a device through the door, whosever, and removes the device, or returns
// storage.ErrNotFound. A device is one browser and all who sign in on it share it: to forget it is for administrators. By
// names who did. Lasting access of apps stays, since it is on no device.
func ForgetDevice(ctx context.Context, tx *storage.Store, door *logout.Door, deviceID, by string, now time.Time) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.HoldDevice(ctx, deviceID); err != nil {
			return err
		}
		if err := endOnDevice(ctx, tx, door, storage.SessionViewFilter{DeviceID: deviceID}, by, now); err != nil {
			return err
		}
		if err := tx.ForgetDevice(ctx, deviceID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.DeviceForgotten, At: now, By: by, DeviceID: deviceID})
	})
}

// ForgetOwnDevice is ForgetDevice as a person may do it: it ends the sessions of that one user and takes the user off the
// device, which stays for the others who have signed in on it. It returns storage.ErrNotFound for a device that the
// user has not been seen on.
func ForgetOwnDevice(ctx context.Context, tx *storage.Store, door *logout.Door, userID, deviceID string, now time.Time) error {
	return tx.Tx(ctx, func(tx *storage.Store) error {
		if err := tx.HoldDevice(ctx, deviceID); err != nil {
			return err
		}
		if err := endOnDevice(ctx, tx, door, storage.SessionViewFilter{DeviceID: deviceID, UserID: userID}, userID, now); err != nil {
			return err
		}
		if err := tx.LeaveDevice(ctx, userID, deviceID); err != nil {
			return err
		}
		if err := tx.ForgetUnusedDevice(ctx, deviceID); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Kind: audit.DeviceForgotten, At: now, UserID: userID, By: userID,
			DeviceID: deviceID})
	})
}

// endOnDevice takes the sessions through the door that nobody has, one after the other in the order of their ids.
func endOnDevice(ctx context.Context, tx *storage.Store, door *logout.Door, f storage.SessionViewFilter, by string, now time.Time) error {
	for f.Limit = 100; ; {
		list, err := tx.SessionViews(ctx, f, now)
		if err != nil {
			return err
		}
		for _, v := range list {
			f.After = v.ID
			if v.Status != storage.StatusActive && v.Status != storage.StatusPending {
				continue
			}
			cause, over := logout.Overdue(v) // then it ends as what it is
			if !over {
				cause = logout.Cause{Status: storage.StatusRemoved, Reason: logout.DeviceForgotten, By: by}
			}
			if _, err := door.End(ctx, tx, &v.Session, cause); err != nil {
				return err
			}
		}
		if len(list) < f.Limit {
			return nil
		}
	}
}

// DeviceTTL is how long a browser is remembered after it was seen last: by then its cookie is gone, too.
const DeviceTTL = deviceTTL
