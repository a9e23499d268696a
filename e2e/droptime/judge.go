package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/curfew-id/curfew/op/logout"
)

// judge makes the report: what every session's watch saw, and whether the database has every end.
func (r *rig) judge(ctx context.Context, ends, rest []*end) (*report, error) {
	out := r.newReport(ends, rest)
	for _, e := range slices.Concat(ends, rest) {
		e.judge(ctx)
		out.Faults = append(out.Faults, e.faults...)
		if late := e.late.Load(); late != nil {
			out.PastBound += len(*late)
			out.Faults = append(out.Faults, fmt.Sprintf("%s (%s, %s): %d requests accepted past the bound, the last %v after the end",
				e.sessionID, e.party.kind, e.Cause, len(*late), e.drop()))
		}
		out.OwnRefused += int(e.refusedOwn.Load())
	}
	lost, err := r.lost(ctx, slices.Concat(ends, rest))
	if err != nil {
		return nil, fmt.Errorf("look for lost ends: %w", err)
	}
	out.Lost = len(lost)
	out.Faults = append(out.Faults, lost...)
	if r.apps != nil {
		var held error
		if out.Crowd, held = r.apps.judge(slices.Concat(ends, rest)); held != nil {
			out.Faults = append(out.Faults, held.Error())
		}
	}
	out.warn()
	out.Passed = len(out.Faults) == 0
	return out, nil
}

// judge looks at what the party was given: a token of the session that would live past the bound is as bad as a request that
// was accepted there, and is seen however short the watch was.
func (e *end) judge(ctx context.Context) {
	if !e.acked {
		return
	}
	if _, _, _, dead := e.holds(ctx); dead.Sub(e.At) > bound+e.rig.Error {
		e.blame(fmt.Sprintf("was given a token that lives %v past the end", dead.Sub(e.At)))
	}
	if e.count.Load() == 0 {
		e.blame("was never accepted at all")
	}
}

// lost returns the acknowledged ends that the database does not have as it must: the session marked (or deleted with its
// user), its refresh tokens dead, the event written, an entry in the feed, and each app that wants to be told owed exactly one
// message, which was delivered or is still due. What ends by an epoch is taken through the door by a job, and so is what ends
// by itself: that has had the tail of the run to come by.
func (r *rig) lost(ctx context.Context, ends []*end) (list []string, err error) {
	var acked []string
	by := map[string]*end{}
	for _, e := range ends {
		if e.acked {
			acked, by[e.sessionID] = append(acked, e.sessionID), e
		}
	}
	err = r.connected(ctx, func(conn *pgx.Conn) error {
		list = nil
		rows, err := conn.Query(ctx, `
			SELECT k.id, coalesce(s.status, 'deleted'), coalesce(s.end_reason, ''),
				(SELECT count(*) FROM audit_events a WHERE a.session_id = k.id AND a.kind = 'session.ended'),
				(SELECT count(*) FROM session_ends x WHERE x.session_id = k.id),
				(SELECT count(*) FROM token_families f WHERE f.user_id = s.user_id AND f.session_id = k.id AND f.revoked_at IS NULL),
				(SELECT count(*) FROM deliveries d WHERE d.session_id = k.id AND d.kind = $2),
				(SELECT count(*) FROM deliveries d WHERE d.session_id = k.id AND d.kind = $2 AND (d.settled_at IS NOT NULL AND d.outcome <> 'delivered'
					OR d.settled_at IS NULL AND d.next_at > d.expires_at))
			FROM unnest($1::text[]) AS k (id) LEFT JOIN sessions s ON s.id = k.id`, acked, logout.KindBackChannel)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var sessionID string
			var f found
			if err := rows.Scan(&sessionID, &f.status, &f.reason, &f.events, &f.feed, &f.families, &f.owed, &f.dropped); err != nil {
				return err
			}
			e := by[sessionID]
			if wrong := f.wrong(e, r); len(wrong) > 0 {
				list = append(list, fmt.Sprintf("the end of %s (%s, %s) is lost: %s", sessionID, e.party.kind, e.Cause, strings.Join(wrong, ", ")))
			}
		}
		return rows.Err()
	})
	return list, err
}

// found is what the database has of one end.
type found struct {
	status, reason string
	events, feed   int // entries of the audit and of the feed
	families       int // that live
	owed, dropped  int // messages; those that were neither delivered nor are still due
}

func (f found) wrong(e *end, r *rig) (list []string) {
	receivers := len(r.beside(e.held))
	if e.party.kind == byBack {
		receivers++
	}
	deleted := e.Cause == causeDeleted
	for _, is := range []struct {
		wrong bool
		what  string
	}{
		{deleted != (f.status == "deleted"), "it is " + f.status},
		{f.status == "active" || f.status == "pending" || !deleted && f.reason == "", "its row says " + f.status + ", " + f.reason},
		{f.events != 1, fmt.Sprintf("%d audit events", f.events)},
		{f.feed != 1, fmt.Sprintf("%d entries in the feed", f.feed)},
		{f.families != 0, fmt.Sprintf("%d families live", f.families)},
		{f.owed != receivers, fmt.Sprintf("%d messages for %d apps", f.owed, receivers)},
		{f.dropped != 0, fmt.Sprintf("%d messages neither delivered nor due", f.dropped)},
	} {
		if is.wrong {
			list = append(list, is.what)
		}
	}
	return list
}

// payloadOf reads the claims of a JWT that somebody else has checked or need not.
func payloadOf(jwt string, into any) error {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return errors.New("not a JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	return json.Unmarshal(payload, into)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// quantiles are the median, the 99th percentile and the maximum, in milliseconds.
func quantiles(list []time.Duration) (p50, p99, most float64) {
	if len(list) == 0 {
		return 0, 0, 0
	}
	slices.Sort(list)
	at := func(q float64) float64 { return ms(list[min(len(list)-1, int(q*float64(len(list))))]) }
	return at(.5), at(.99), ms(list[len(list)-1])
}
