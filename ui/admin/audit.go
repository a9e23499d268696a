package admin

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// pathEvent is one event.
const pathEvent = page.PathAdminAudit + "/{event}"

// eventsLookedAt bounds how many events one page looks at where two filters come together. A page takes 100 ms at most.
const eventsLookedAt = 2_000

func (h *Handlers) listEvents(v *visit) error {
	p := page.AdminAudit{Console: v.console(page.PathAdminAudit), Query: v.query("q"), Kind: v.query("kind"), App: v.query("app"),
		SessionID: v.query("session"), Actor: v.query("actor"), From: v.query("from"), To: v.query("to"), VerifyURL: pathVerify}
	p.Narrowed = p.App+p.SessionID+p.Actor+p.From+p.To != ""
	p.Verified, p.Verifying = h.checks.last()
	f, err := h.eventQuery(v, &p)
	if err != nil {
		return err
	}
	if len(p.Errors) > 0 || p.Missing {
		return v.show(p, p.Errors)
	}
	events, further, err := h.Store.SearchAuditEvents(v.r.Context(), f, eventsLookedAt)
	if err != nil {
		return err
	}
	switch {
	case len(events) > rowsShown:
		events = events[:rowsShown]
		p.Pager.NextURL = v.next(events[rowsShown-1].ID)
	case further != nil:
		p.LookedTo, p.Pager.NextURL = further.At.Time, v.next(further.ID)
	}
	p.Pager.FirstURL = v.first()
	if p.Events, err = h.eventRows(v, events); err != nil {
		return err
	}
	return v.show(p, nil)
}

// eventQuery is what the form asks for. What cannot be meant is a fault of its field, and somebody whom nobody knows is missing.
func (h *Handlers) eventQuery(v *visit, p *page.AdminAudit) (f storage.AuditQuery, err error) {
	f = storage.AuditQuery{Kind: p.Kind, SessionID: p.SessionID, ClientID: p.App, After: v.query("after"), Limit: rowsShown + 1}
	p.Errors = page.Errors{}
	if f.Since, err = day(p.From); err != nil {
		p.Errors["from"] = page.Msg(page.NoDay)
	}
	if f.Until, err = day(p.To); err != nil {
		p.Errors["to"] = page.Msg(page.NoDay)
	} else if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1)
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		p.Errors["to"] = page.Msg(page.DaysTurned)
	}
	if f.UserID, err = h.someone(v, p.Query, p); err != nil {
		return f, err
	}
	f.Actor, err = h.someone(v, p.Actor, p)
	return f, err
}

// someone is the id of whoever is meant by an address; whatever is no address is taken for an id, since those of users that were
// deleted are in the log, too.
func (h *Handlers) someone(v *visit, q string, p *page.AdminAudit) (string, error) {
	if !strings.Contains(q, "@") {
		return q, nil
	}
	u, err := h.userOf(v.r.Context(), q)
	if err != nil || u == nil {
		p.Missing = p.Missing || err == nil
		return "", err
	}
	return u.ID, nil
}

// day is the beginning of a day (UTC); zero for "".
func day(s string) (at time.Time, err error) {
	if s == "" {
		return at, nil
	}
	return time.Parse(time.DateOnly, s)
}

func (h *Handlers) showEvent(v *visit) error {
	ctx, eventID := v.r.Context(), v.r.PathValue("event")
	if _, err := id.Bytes(id.Event, eventID); err != nil {
		return errNotFound
	}
	e, err := h.Store.AuditEvent(ctx, eventID)
	if err != nil {
		return err
	}
	n, err := h.eventNames(v, []*storage.AuditEvent{e})
	if err != nil {
		return err
	}
	row, changes, err := n.whole(e)
	if err != nil {
		return err
	}
	p := page.AdminEvent{Console: v.console(page.PathAdminAudit), Row: row, Changes: changes, DeviceID: e.DeviceID, Request: e.RequestID,
		Data: indented(e.Data), Sealed: e.Position > 0, Chain: e.Chain, Position: e.Position, Hash: e.Hash}
	if e.UserID != "" {
		p.UserEventsURL = page.PathAdminAudit + "?q=" + url.QueryEscape(e.UserID)
	}
	place := h.Sessions.Place(e.IPAddress)
	p.City, p.Country = place.City, place.Country
	if p.Device, err = h.deviceOf(v, e.DeviceID); err != nil {
		return err
	}
	if p.Sealed {
		if err := h.addNeighbours(v, e, &p); err != nil {
			return err
		}
	}
	return v.show(p, nil)
}

// addNeighbours leads along the chain.
func (h *Handlers) addNeighbours(v *visit, e *storage.AuditEvent, p *page.AdminEvent) error {
	ctx := v.r.Context()
	near, err := h.Store.ChainEvents(ctx, e.Chain, e.Position-2, 3)
	if err != nil {
		return err
	}
	for _, n := range near {
		switch n.Position {
		case e.Position - 1:
			p.BeforeURL = eventURL(n.ID)
		case e.Position + 1:
			p.AfterURL = eventURL(n.ID)
		}
	}
	p.Vouched, err = h.Store.Vouched(ctx, e.Chain, e.Position)
	return err
}

func (h *Handlers) deviceOf(v *visit, deviceID string) (string, error) {
	if deviceID == "" {
		return "", nil
	}
	list, err := h.Store.DevicesByID(v.r.Context(), []string{deviceID})
	if err != nil || list[deviceID] == nil {
		return "", err
	}
	return session.ParseAgent(list[deviceID].UserAgent).Name(v.person.Locale), nil
}

func eventURL(eventID string) string { return page.PathAdminAudit + "/" + url.PathEscape(eventID) }

// alarming are the events that somebody who looks for an attack looks for.
var alarming = []page.Deed{page.DeedSignInFailed, page.DeedSignInThrottled, page.DeedProofFailed, page.DeedProofThrottled,
	page.DeedAppReused, page.DeedCodeReused}

func isAlarming(d page.Deed) bool { return slices.Contains(alarming, d) }
