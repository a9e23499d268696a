package admin

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/ended"
	"github.com/curfew-id/curfew/ui/page"
)

// view returns the session that the path names as it stands now, or errNotFound.
func (h *Handlers) view(v *visit, now time.Time) (*storage.SessionView, error) {
	sessionID := v.r.PathValue("session")
	if _, err := id.Bytes(id.Session, sessionID); err != nil {
		return nil, errNotFound
	}
	list, err := h.Store.SessionViews(v.r.Context(), storage.SessionViewFilter{ID: sessionID, Limit: 1}, now)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errNotFound
	}
	return list[0], nil
}

// showSession shows where the tokens of a session went. While it lives, whom an end will hit and how; behind it, the receipts.
func (h *Handlers) showSession(v *visit) error {
	ctx := v.r.Context()
	p := page.AdminSession{Console: v.console(page.PathAdminSessions), LiveURL: v.again()}
	s, err := h.view(v, p.Now)
	if err != nil {
		return err
	}
	if h.Push != nil {
		p.EventsURL = pathEvents
	}
	rows, err := h.sessionRows(v, []*storage.SessionView{s}, p.Now)
	if err != nil {
		return err
	}
	p.Row, p.DeviceID, p.ACR, p.AMR, p.ExpiresAt, p.AbandonAt = rows[0], s.DeviceID, s.ACR, s.AMR, s.ExpiresAt.Time, s.AbandonAt()
	if s.ActorSessionID != "" {
		p.ActorURL = sessionURL(s.ActorSessionID)
	}
	if err := h.addApps(v, s, &p); err != nil {
		return err
	}
	acting, err := h.Store.ActingFrom(ctx, s.UserID, s.ID, p.Now)
	if err != nil {
		return err
	}
	if p.Acting, err = h.sessionRows(v, acting, p.Now); err != nil {
		return err
	}
	if p.Row.Live {
		p.Told, err = h.toldOf(ctx, s.ClientIDs, p.Now)
	} else {
		p.Why, p.EndedBy = ended.Why(s), s.EndedBy
		if names, err := h.emailsOf(ctx, []string{s.EndedBy}); err == nil {
			p.EndedBy = names[s.EndedBy]
		}
		err = h.addReceipts(v, s, &p)
	}
	if err != nil {
		return err
	}
	return v.show(p, nil)
}

func (h *Handlers) addApps(v *visit, s *storage.SessionView, p *page.AdminSession) error {
	list, err := h.Store.ClientSessions(v.r.Context(), s.UserID, s.ID)
	if err != nil {
		return err
	}
	for _, c := range list {
		row := page.AdminSessionApp{FirstTokenAt: c.FirstTokenAt.Time, Scope: c.Scope}
		if row.Name, row.URL, err = h.app(v, c.ClientID); err != nil {
			return err
		}
		p.Apps = append(p.Apps, row)
	}
	return nil
}

func (h *Handlers) addReceipts(v *visit, s *storage.SessionView, p *page.AdminSession) error {
	owed, err := h.Store.SessionDeliveries(v.r.Context(), s.ID)
	if err != nil {
		return err
	}
	for _, r := range logout.Receipts(s, owed, p.Now) {
		receipt := ended.Receipt(r, p.Now)
		if receipt.App, _, err = h.app(v, r.Receiver); err != nil {
			return err
		}
		p.Receipts = append(p.Receipts, receipt)
	}
	return nil
}

// toldOf says who will be told of an end, how, and by when no token is good there whatever comes of it.
func (h *Handlers) toldOf(ctx context.Context, clientIDs []string, now time.Time) (list []page.Told, err error) {
	for _, clientID := range clientIDs {
		c, err := h.Clients.Get(ctx, clientID)
		if errors.Is(err, client.ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, page.Told{App: c.Name(), Channel: string(told(c)), DeadBy: now.Add(token.TTL)})
	}
	return list, nil
}

// toldOfUser is toldOf for all that a user has, as far as a page goes.
func (h *Handlers) toldOfUser(v *visit, userID string) ([]page.Told, error) {
	ctx, now := v.r.Context(), h.Clock.Now()
	views, err := h.Store.SessionViews(ctx, storage.SessionViewFilter{UserID: userID, Status: storage.StatusActive, Limit: 500}, now)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range views {
		ids = append(ids, s.ClientIDs...)
	}
	slices.Sort(ids)
	return h.toldOf(ctx, slices.Compact(ids), now)
}

func (h *Handlers) endSession(v *visit) error {
	ctx, now := v.r.Context(), h.Clock.Now()
	s, err := h.view(v, now)
	if err != nil {
		return err
	}
	u, err := h.Store.User(ctx, s.UserID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if err == nil && !over(v.person.User, u) {
		return errNotFound
	}
	at := sessionURL(s.ID)
	if _, over := logout.OverAt(s, now); over { // ended meanwhile, or the second of two clicks
		return v.goTo(at)
	}
	sure, err := v.confirmed(page.PathAdminSessions, func() (p page.AdminConfirm, err error) {
		rows, err := h.sessionRows(v, []*storage.SessionView{s}, now)
		if err != nil {
			return p, err
		}
		p = page.AdminConfirm{Act: page.ActEndSession, Object: rows[0].User, CancelURL: at}
		p.Told, err = h.toldOf(ctx, s.ClientIDs, now)
		return p, err
	})
	if err != nil || !sure {
		return err
	}
	cause := logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: v.by()}
	if _, err := h.Door.End(ctx, h.Store, &s.Session, cause); err != nil {
		return err
	}
	if s.ID == v.current.ID {
		return v.goTo(page.PathAdmin) // which asks to sign in
	}
	return v.done(at, page.SessionOver)
}
