package admin

import (
	"cmp"
	"slices"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// listSessions shows sessions, the newest first: everybody's, or somebody's.
func (h *Handlers) listSessions(v *visit) error {
	ctx, q := v.r.Context(), v.query("q")
	p := page.AdminSessions{Console: v.console(page.PathAdminSessions), Query: q, Status: v.query("status"), LiveURL: v.again()}
	if _, err := id.Bytes(id.Session, q); err == nil {
		return v.goTo(sessionURL(q))
	}
	if h.Push != nil {
		p.EventsURL = pathEvents
	}
	if q == "" && v.may(SessionsEndAll) {
		p.EndAllAction = pathAllEnd
	}
	f := storage.SessionViewFilter{Status: storage.SessionStatus(p.Status), Written: q == "", After: v.query("after"), Limit: rowsShown + 1}
	if p.Status != "" && !slices.Contains(page.Statuses(), p.Status) {
		return errBadForm
	}
	if q != "" {
		u, err := h.userOf(ctx, q)
		if err != nil {
			return err
		}
		if p.NotFound = u == nil; p.NotFound {
			return v.show(p, nil)
		}
		f.UserID = u.ID
	}
	views, further, err := h.Store.FindSessions(ctx, f, p.Now)
	if err != nil {
		return err
	}
	if len(views) > rowsShown {
		views = views[:rowsShown]
		p.Pager.NextURL = v.next(views[rowsShown-1].ID)
	} else if further != "" {
		p.Partly, p.Pager.NextURL = true, v.next(further)
	}
	p.Pager.FirstURL = v.first()
	if p.Sessions, err = h.sessionRows(v, views, p.Now); err != nil {
		return err
	}
	return v.show(p, nil)
}

// sessionRows are sessions with whose they are, who acts in them and who took part.
func (h *Handlers) sessionRows(v *visit, views []*storage.SessionView, now time.Time) (rows []page.AdminSessionRow, err error) {
	ctx, ids := v.r.Context(), actors(views)
	for _, s := range views {
		ids = append(ids, s.UserID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	emails, err := h.emailsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	people, err := h.Store.UsersOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, s := range views {
		agent := session.ParseAgent(s.UserAgent)
		row := page.AdminSessionRow{URL: sessionURL(s.ID), ID: s.ID, User: emails[s.UserID], Device: cmp.Or(agent.Name(v.person.Locale), "—"),
			Mobile: agent.Mobile, Offline: s.Kind == storage.KindOffline, Address: s.IPAddress, City: s.City, Country: s.Country,
			Status: string(s.Stands), StartedAt: s.CreatedAt.Time, LastActiveAt: s.LastActiveAt.Time}
		if s.ActorSub != "" {
			row.Actor = emails[s.ActorSub]
		}
		at, over := logout.OverAt(s, now)
		row.Live, row.EndedAt = !over, at
		u := people[s.UserID]
		if u != nil && v.may(UsersRead) {
			row.UserURL = userURL(u.ID)
		}
		if u != nil && row.Live && v.mayOn(SessionsEnd, u) {
			row.EndAction = row.URL + "/end"
		}
		for _, clientID := range s.ClientIDs {
			name, _, err := h.app(v, clientID)
			if err != nil {
				return nil, err
			}
			row.Apps = append(row.Apps, name)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// endAll ends every session of everybody, that of whoever asks included.
func (h *Handlers) endAll(v *visit) error {
	sure, err := v.confirmed(page.PathAdminSessions, func() (page.AdminConfirm, error) {
		return page.AdminConfirm{Act: page.ActEndAll, CancelURL: page.PathAdminSessions}, nil
	})
	if err != nil || !sure {
		return err
	}
	err = h.Door.EndAll(v.r.Context(), h.Store, logout.Cause{Status: storage.StatusRevoked, Reason: logout.AllEnded, By: v.by()})
	if err != nil {
		return err
	}
	return v.goTo(page.PathAdmin) // which asks to sign in
}
