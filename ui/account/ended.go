package account

import (
	"cmp"
	"errors"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/ended"
	"github.com/curfew-id/curfew/ui/page"
)

// Of the sessions that are over the page lists those of the last thirty days, which is as long as they are kept, and at
// most twenty.
const (
	endedWithin = 30 * 24 * time.Hour
	maxEnded    = 20
)

func (h *Handlers) endedLately(v *visit, now time.Time) (rows []page.EndedRow, err error) {
	list, err := h.Store.EndedSessions(v.r.Context(), v.userID(), now.Add(-endedWithin), now, maxEnded)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(list))
	for i, s := range list {
		ids[i] = s.ID
	}
	owed, err := h.Store.DeliveriesOf(v.r.Context(), v.userID(), ids)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		row, err := h.endedRow(v, s, logout.Receipts(s, owed[s.ID], now), now)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (h *Handlers) endedRow(v *visit, s *storage.SessionView, receipts []logout.Receipt, now time.Time) (page.EndedRow, error) {
	at, _ := logout.OverAt(s, now)
	row := page.EndedRow{Device: deviceName(s.UserAgent, v.locale()), Mobile: isMobile(s.UserAgent), Why: ended.Why(s), EndedAt: at,
		Offline: s.Kind == storage.KindOffline, URL: page.PathSessions + "/" + s.ID + "/ended"}
	answered := map[string]bool{} // by some channel: only the back channel has an answer
	for _, r := range receipts {
		answered[r.Receiver] = answered[r.Receiver] || r.Outcome == delivery.Delivered
		if r.TokenDeadBy.After(row.DeadBy) {
			row.DeadBy = r.TokenDeadBy
		}
	}
	told := len(answered) > 0
	for _, yes := range answered {
		told = told && yes
	}
	row.Over = told || !row.DeadBy.After(now)
	if row.Offline {
		names, err := h.appNames(v, s.ClientIDs)
		if err != nil {
			return row, err
		}
		row.Device, row.Mobile = "", false
		if len(names) > 0 {
			row.Device = names[0]
		}
	}
	row.Device = cmp.Or(row.Device, "—")
	return row, nil
}

// showEnded shows how the apps learned of the end of one session. One of somebody else is not found, as one that never was.
func (h *Handlers) showEnded(v *visit) error {
	sessionID, ctx, now := v.r.PathValue("session"), v.r.Context(), h.Clock.Now()
	if _, err := id.Bytes(id.Session, sessionID); err != nil {
		return errNotFound
	}
	list, err := h.Store.SessionViews(ctx, storage.SessionViewFilter{ID: sessionID, UserID: v.userID(), Limit: 1}, now)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errNotFound
	}
	s := list[0]
	if _, over := logout.OverAt(s, now); !over {
		return v.goTo(page.PathSessions)
	}
	owed, err := h.Store.SessionDeliveries(ctx, s.ID)
	if err != nil {
		return err
	}
	receipts := logout.Receipts(s, owed, now)
	p := page.SessionEnded{Frame: v.frame(), Now: now, StartedAt: s.CreatedAt.Time, BackURL: page.PathSessions}
	if p.Row, err = h.endedRow(v, s, receipts, now); err != nil {
		return err
	}
	if !p.Row.Offline && s.Kind != storage.KindImpersonation { // the place of whoever acted is theirs
		p.Address, p.City, p.Country = s.IPAddress, s.City, s.Country
	}
	for _, r := range receipts {
		c, err := h.Clients.Get(ctx, r.Receiver)
		if err != nil && !errors.Is(err, client.ErrUnknown) {
			return err
		}
		receipt := ended.Receipt(r, now)
		if receipt.App = r.Receiver; err == nil { // of one that was deleted only the id is left
			receipt.App = c.Name()
		}
		p.Receipts = append(p.Receipts, receipt)
	}
	return v.show(p, nil)
}
