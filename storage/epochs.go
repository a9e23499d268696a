package storage

import (
	"context"
	"time"
)

// EpochMove is why an epoch moves, and so why every session ends that was started under an older one.
type EpochMove struct {
	Status SessionStatus
	Reason string
	By     string
	At     time.Time
}

// outlived is how long a client's end is remembered at least. A redemption that read the epoch before it moved may commit
// after it; by then it has, or the request or the database has given it up.
const outlived = time.Hour

// notEndedWithClient: no client ended all its sessions, or none that took part in s before it did. The first half is asked
// once a statement, of a table that is empty nearly always; the second is never reached then. The two are not one, since
// as a condition of its own the second would be planned as a join over all client sessions.
const notEndedWithClient = `(NOT EXISTS (SELECT 1 FROM client_ends) OR NOT EXISTS (SELECT 1 FROM client_ends e
	JOIN client_sessions cs ON cs.client_id = e.client_id AND cs.client_epoch < e.epoch
	WHERE cs.user_id = s.user_id AND cs.session_id = s.id))`

// actorLive is what an impersonation hangs off: the actor's own session is live, by all that liveSession asks. It holds for
// every session without an actor, of which it costs nothing but a look at their own row. whose and which are columns with
// the actor and their session, now is the place of the instant.
func actorLive(whose, which, now string) string {
	return `(` + which + ` = '' OR EXISTS (SELECT 1 FROM sessions p JOIN users pu ON pu.id = p.user_id
		WHERE p.user_id = ` + whose + ` AND p.id = ` + which + ` AND p.status = 'active' AND p.expires_at > ` + now + `
		AND p.last_active_at + p.idle_ttl > ` + now + ` AND p.user_epoch = pu.epoch AND pu.status = 'active'
		AND p.realm_epoch = (SELECT epoch FROM realm WHERE id = 1)
		AND NOT EXISTS (SELECT 1 FROM client_ends e JOIN client_sessions cs ON cs.client_id = e.client_id
			AND cs.client_epoch < e.epoch WHERE cs.user_id = p.user_id AND cs.session_id = p.id)))`
}

// MoveUserEpoch ends every session of a user at once, in constant time, and writes it into the feed; ErrNotFound where there
// is no such user. It is the database half of logout.Door.EndUser, as the next two are of its neighbours.
func (s *Store) MoveUserEpoch(ctx context.Context, userID string, m EpochMove) error {
	return s.Tx(ctx, func(tx *Store) error {
		res, err := tx.db.NewRaw(`UPDATE users SET epoch = epoch + 1, version = version + 1, epoch_status = ?, epoch_reason = ?,
			epoch_by = ?, epoch_at = ? WHERE id = ?`, m.Status, m.Reason, m.By, At(m.At), userID).Exec(ctx)
		if err := changed(res, err, "move the user's epoch"); err != nil {
			return err
		}
		if err := tx.recordUserEnd(ctx, userID); err != nil {
			return err
		}
		// Whom it concerns is found when the entry is numbered.
		return tx.insertEnds(ctx, &SessionEnd{UserID: userID, Status: m.Status, Reason: m.Reason, EndedAt: At(m.At)})
	})
}

// MoveClientEpoch ends every session in which a client has taken part, for all that took part in it.
func (s *Store) MoveClientEpoch(ctx context.Context, clientID string, m EpochMove) error {
	return s.Tx(ctx, func(tx *Store) error {
		var epoch int64
		err := tx.db.NewRaw(`UPDATE clients SET epoch = epoch + 1 WHERE id = ? RETURNING epoch`, clientID).Scan(ctx, &epoch)
		if err != nil {
			return found(err, "move the client's epoch")
		}
		if _, err := tx.db.NewRaw(`INSERT INTO client_ends (client_id, epoch, epoch_status, epoch_reason, epoch_by, epoch_at)
			VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (client_id) DO UPDATE SET epoch = EXCLUDED.epoch,
			epoch_status = EXCLUDED.epoch_status, epoch_reason = EXCLUDED.epoch_reason, epoch_by = EXCLUDED.epoch_by,
			epoch_at = EXCLUDED.epoch_at, swept_to = ''`, clientID, epoch, m.Status, m.Reason, m.By, At(m.At)).Exec(ctx); err != nil {
			return wrap(err, "record the client's end")
		}
		return tx.insertEnds(ctx, &SessionEnd{ClientID: clientID, Status: m.Status, Reason: m.Reason, EndedAt: At(m.At)})
	})
}

// MoveRealmEpoch ends every session of everybody.
func (s *Store) MoveRealmEpoch(ctx context.Context, m EpochMove) error {
	return s.Tx(ctx, func(tx *Store) error {
		res, err := tx.db.NewRaw(`UPDATE realm SET epoch = epoch + 1, epoch_status = ?, epoch_reason = ?, epoch_by = ?, epoch_at = ?
			WHERE id = 1`, m.Status, m.Reason, m.By, At(m.At)).Exec(ctx)
		if err := changed(res, err, "move everybody's epoch"); err != nil {
			return err
		}
		return tx.insertEnds(ctx, &SessionEnd{Status: m.Status, Reason: m.Reason, EndedAt: At(m.At)})
	})
}

// addMoves reads which move ended sessions that stand revoked though nothing has been written yet. Of several it is the
// earliest that is known; none where a user was disabled, or an epoch moved by other means.
func (s *Store) addMoves(ctx context.Context, list []*SessionView) error {
	byID, over := map[string]*SessionView{}, []*Session{}
	for _, v := range list {
		if v.Status == StatusActive && v.Stands == StatusRevoked {
			byID[v.ID] = v
			over = append(over, &v.Session)
		}
	}
	if len(byID) == 0 {
		return nil
	}
	var rows []struct {
		SessionID, EpochReason, EpochBy string
		EpochStatus                     SessionStatus
		EpochAt                         Time
	}
	err := s.db.NewRaw(these+`SELECT s.id AS session_id, u.epoch_status, u.epoch_reason, u.epoch_by, u.epoch_at
			FROM e CROSS JOIN sessions s JOIN users u ON u.id = s.user_id AND u.epoch <> s.user_epoch AND u.epoch_status <> ''
			WHERE s.user_id = of_user AND s.id = of_session
		UNION ALL SELECT s.id, r.epoch_status, r.epoch_reason, r.epoch_by, r.epoch_at
			FROM e CROSS JOIN sessions s JOIN realm r ON r.epoch <> s.realm_epoch AND r.epoch_status <> ''
			WHERE s.user_id = of_user AND s.id = of_session
		UNION ALL SELECT cs.session_id, c.epoch_status, c.epoch_reason, c.epoch_by, c.epoch_at
			FROM e CROSS JOIN client_sessions cs JOIN client_ends c ON c.client_id = cs.client_id AND cs.client_epoch < c.epoch
			WHERE cs.user_id = of_user AND cs.session_id = of_session`, sessionKeys(over)).Scan(ctx, &rows)
	if err != nil {
		return wrap(err, "read why epochs moved")
	}
	for _, r := range rows {
		if v := byID[r.SessionID]; v != nil && (v.Moved == nil || r.EpochAt.Before(v.Moved.At)) {
			v.Moved = &EpochMove{Status: r.EpochStatus, Reason: r.EpochReason, By: r.EpochBy, At: r.EpochAt.Time}
		}
	}
	return nil
}

// SettleClientEnds forgets, when some time has passed, the ends of clients of whose older sessions none is active any more. What is not forgotten costs
// every read a little and is right; so only what cannot be missed is. A client that ends its sessions once more meanwhile has
// moved on, and keeps its row.
func (s *Store) SettleClientEnds(ctx context.Context, now time.Time) error {
	_, err := s.db.NewRaw(`DELETE FROM client_ends WHERE epoch_at <= ? AND NOT EXISTS (SELECT 1 FROM client_sessions cs
		JOIN sessions s ON s.user_id = cs.user_id AND s.id = cs.session_id AND s.status = 'active'
		WHERE cs.client_id = client_ends.client_id AND cs.client_epoch < client_ends.epoch)`, At(now.Add(-outlived))).Exec(ctx)
	return wrap(err, "forget ends of clients")
}
