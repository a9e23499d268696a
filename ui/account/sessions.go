package account

import (
	"cmp"
	"errors"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// maxSessions is how many the page lists, the newest first.
const maxSessions = 200

func (h *Handlers) showSessions(v *visit) error {
	now := h.Clock.Now()
	list, err := h.Store.Sessions(v.r.Context(), storage.SessionFilter{UserID: v.userID(), Live: true, Now: now, Limit: maxSessions})
	if err != nil {
		return err
	}
	p := page.AccountSessions{Frame: v.frame(), Now: now, LiveURL: pathLiveSessions}
	if len(list) > 1 {
		p.EndOthersAction, p.EndAllAction = pathOthers, pathAll
	}
	for _, s := range list {
		row, err := h.sessionRow(v, s)
		if err != nil {
			return err
		}
		if row.Current { // first, whenever it began
			p.Sessions = append([]page.SessionRow{row}, p.Sessions...)
			continue
		}
		p.Sessions = append(p.Sessions, row)
	}
	if p.Ended, err = h.endedLately(v, now); err != nil {
		return err
	}
	return v.show(p, nil)
}

func (h *Handlers) sessionRow(v *visit, s *storage.Session) (row page.SessionRow, err error) {
	row = page.SessionRow{Device: deviceName(s.UserAgent, v.locale()), Address: s.IPAddress, City: s.City, Country: s.Country, StartedAt: s.CreatedAt.Time,
		LastActiveAt: s.LastActiveAt.Time, Current: s.ID == v.current.ID, Mobile: isMobile(s.UserAgent),
		Offline: s.Kind == storage.KindOffline, Acting: s.Kind == storage.KindImpersonation, EndAction: page.PathSessions + "/" + s.ID + "/end"}
	clientIDs, err := h.Store.SessionClients(v.r.Context(), s.UserID, s.ID)
	if err != nil {
		return row, err
	}
	if row.Apps, err = h.appNames(v, clientIDs); err != nil {
		return row, err
	}
	if row.Offline { // an app's lasting access has no device: it stands there under the app's name
		row.Device, row.Address, row.City, row.Country, row.Mobile = "", "", "", "", false
		if len(row.Apps) > 0 {
			row.Device, row.Apps = row.Apps[0], row.Apps[1:]
		}
	}
	if row.Acting { // the place of whoever acts is theirs
		row.Address, row.City, row.Country = "", "", ""
	}
	row.Device = cmp.Or(row.Device, "—")
	return row, nil
}

// appNames leaves out apps that were deleted.
func (h *Handlers) appNames(v *visit, clientIDs []string) (names []string, err error) {
	for _, clientID := range clientIDs {
		c, err := h.Clients.Get(v.r.Context(), clientID)
		if errors.Is(err, client.ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		names = append(names, c.Name())
	}
	return names, nil
}

// endSession ends one session of the user: the first click asks, the second does it. One of somebody else is not found.
func (h *Handlers) endSession(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	s, err := h.ownSession(v)
	if err != nil {
		return err
	}
	if s == nil { // ended meanwhile, or the second of two clicks
		return v.goTo(page.PathSessions)
	}
	if form.Get("confirm") != "yes" {
		row, err := h.sessionRow(v, s)
		if err != nil {
			return err
		}
		return v.show(page.SessionEnd{Frame: v.frame(), Form: page.Form{Action: row.EndAction}, Device: row.Device,
			Current: row.Current, Offline: row.Offline, CancelURL: page.PathSessions}, nil)
	}
	if s.ID == v.current.ID {
		return h.leave(v, storage.StatusRemoved)
	}
	_, err = h.Door.End(v.r.Context(), h.Store, s, removed(v))
	if err != nil {
		return err
	}
	return h.done(v, page.PathSessions, page.SessionEndedHere, "")
}

// ownSession returns the session that the path names if it is the user's and live, nil if it was.
func (h *Handlers) ownSession(v *visit) (*storage.Session, error) {
	sessionID := v.r.PathValue("session")
	if _, err := id.Bytes(id.Session, sessionID); err != nil {
		return nil, errNotFound
	}
	s, _, err := h.Store.LiveSession(v.r.Context(), v.userID(), sessionID, h.Clock.Now())
	if !errors.Is(err, storage.ErrNotFound) {
		return s, err
	}
	s, err = h.Store.Session(v.r.Context(), sessionID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && s.UserID != v.userID() {
		return nil, errNotFound
	}
	return nil, err
}

// endOthers ends every session of the user but this one, lasting access of apps included.
func (h *Handlers) endOthers(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	if form.Get("confirm") != "yes" {
		return v.show(page.SessionEnd{Frame: v.frame(), Form: page.Form{Action: pathOthers}, Others: true,
			CancelURL: page.PathSessions}, nil)
	}
	if err := h.Door.EndUserNow(v.r.Context(), h.Store, v.userID(), v.current.ID, removed(v)); err != nil {
		return err
	}
	return h.done(v, page.PathSessions, page.OthersEnded, "")
}

// endAll ends every session of the user, this one included.
func (h *Handlers) endAll(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	if form.Get("confirm") != "yes" {
		return v.show(page.SessionEnd{Frame: v.frame(), Form: page.Form{Action: pathAll}, All: true,
			CancelURL: page.PathSessions}, nil)
	}
	if err := h.Door.EndUserNow(v.r.Context(), h.Store, v.userID(), "", removed(v)); err != nil {
		return err
	}
	return h.left(v, page.SignedOut{Base: v.base(), SignInURL: pathSignIn, Everywhere: true})
}

func removed(v *visit) logout.Cause {
	return logout.Cause{Status: storage.StatusRemoved, Reason: logout.Revoked, By: v.userID()}
}
