package storage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// sessionsLookedAt bounds how many sessions one look reads for what no index tells: when everybody's have ended at once, none
// of all that are marked active stands.
const sessionsLookedAt = 2_000

// FindSessions returns sessions by id, the newest first, as they stand at now. It never looks at more than some of them: where
// the page is not full and there may be more, further is the id behind which to go on.
func (s *Store) FindSessions(ctx context.Context, f SessionViewFilter, now time.Time) (list []*SessionView, further string, err error) {
	var ids []string
	for _, written := range f.written() {
		some, to, err := s.sessionsLookedAt(ctx, f, written, now)
		if err != nil {
			return nil, "", err
		}
		ids, further = append(ids, some...), max(further, to)
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) })
	ids = slices.DeleteFunc(ids, func(id string) bool { return id < further }) // not all that come before it are known
	if int64(len(ids)) >= limit(f.Limit) {
		ids, further = ids[:limit(f.Limit)], ""
	}
	full := int64(len(ids)) == limit(f.Limit)
	if len(ids) == 0 {
		return nil, further, nil
	}
	err = s.db.NewSelect().Model(&list).ModelTableExpr("sessions AS s").ColumnExpr("s.*").ColumnExpr(stands+" AS stands", At(now)).
		Where("s.id IN (?)", bun.List(ids)).OrderExpr("s.id DESC").Scan(ctx)
	if err != nil {
		return nil, "", wrap(err, "list sessions")
	}
	if f.Status != "" { // it may have ended since the look
		list = slices.DeleteFunc(list, func(v *SessionView) bool { return v.Stands != f.Status })
	}
	if full && len(list) < len(ids) {
		further = ids[len(ids)-1]
	}
	if err := s.addMoves(ctx, list); err != nil {
		return nil, "", err
	}
	return list, further, s.addClients(ctx, list)
}

// written lists what may be written of a session that is listed; "" is anything. Only what is written as active can stand at
// something else, and only as one of three.
func (f *SessionViewFilter) written() []SessionStatus {
	switch f.Status {
	case StatusExpired, StatusAbandoned, StatusRevoked:
		if !f.Written {
			return []SessionStatus{StatusActive, f.Status}
		}
	}
	return []SessionStatus{f.Status}
}

// everybodys tells that there is nothing by which fewer could be found than by the status.
func (f *SessionViewFilter) everybodys() bool {
	return f.ID == "" && len(f.IDs) == 0 && f.UserID == "" && f.DeviceID == "" && f.ClientID == ""
}

// sessionsLookedAt returns which sessions are listed of those of which a status is written, and the id of the last it looked at
// where there may be more behind it. What is looked at comes in the order of an index, and the look ends with the page.
func (s *Store) sessionsLookedAt(ctx context.Context, f SessionViewFilter, written SessionStatus, now time.Time) (ids []string, to string, err error) {
	window := func(q *bun.SelectQuery) *bun.SelectQuery {
		id := bun.Safe("s.id")
		if f.ClientID != "" && f.UserID == "" && f.DeviceID == "" {
			id = "cs.session_id"
			q = q.TableExpr("client_sessions AS cs").Join("JOIN sessions AS s ON s.id = cs.session_id").Where("cs.client_id = ?", f.ClientID)
		} else {
			q = q.TableExpr("sessions AS s")
		}
		if written != "" && f.everybodys() {
			// By status and id, not by id within a status: of two indexes that give that order PostgreSQL may take the one in
			// which it would pass over all that have ended.
			if q = q.Where("s.status >= ? AND s.status <= ?", written, written); f.After != "" {
				q = q.Where("(s.status, s.id) < (?, ?)", written, f.After)
			}
			return q.OrderExpr("s.status DESC, s.id DESC")
		}
		if written != "" && id == "s.id" {
			q = q.Where("s.status = ?", written)
		}
		for column, value := range map[string]string{"s.id": f.ID, "s.user_id": f.UserID, "s.device_id": f.DeviceID} {
			if value != "" {
				q = q.Where("? = ?", bun.Safe(column), value)
			}
		}
		if len(f.IDs) > 0 {
			q = q.Where("s.id IN (?)", bun.List(f.IDs))
		}
		if f.After != "" {
			q = q.Where("? < ?", id, f.After)
		}
		return q.OrderExpr("? DESC", id)
	}
	inner := window(s.db.NewSelect()).ColumnExpr("s.*").Limit(sessionsLookedAt)
	q := s.db.NewSelect().TableExpr("(?) AS s", inner).ColumnExpr("s.id").Limit(limit(f.Limit))
	if written != "" && f.everybodys() {
		q = q.OrderExpr("s.status DESC, s.id DESC") // as they come, so that the look ends with the page
	} else {
		q = q.OrderExpr("s.id DESC")
	}
	if written != "" && f.ClientID != "" {
		q = q.Where("s.status = ?", written)
	}
	if written == StatusActive {
		q = q.Where(stands+" = ?1", At(now), f.Status)
	}
	if f.Kind != "" {
		q = q.Where("s.kind = ?", f.Kind)
	}
	if f.ClientID != "" && (f.UserID != "" || f.DeviceID != "") {
		q = q.Where("(SELECT count(*) FROM client_sessions cs WHERE cs.user_id = s.user_id AND cs.session_id = s.id AND cs.client_id = ?) > 0", f.ClientID)
	}
	if err = q.Scan(ctx, &ids); err != nil || int64(len(ids)) >= limit(f.Limit) {
		return ids, "", wrap(err, "look for sessions")
	}
	err = window(s.db.NewSelect()).ColumnExpr("s.id").Offset(sessionsLookedAt-1).Limit(1).Scan(ctx, &to)
	if err = found(err, "look for sessions"); errors.Is(err, ErrNotFound) {
		to, err = "", nil
	}
	return ids, to, err
}
