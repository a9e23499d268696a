package admin

import (
	"context"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// addHistory adds what was done to a user, a page at a time.
func (h *Handlers) addHistory(ctx context.Context, v *visit, u *user.Person, p *page.AdminUser) error {
	before := v.query("before")
	if _, err := id.Bytes(id.Event, before); before != "" && err != nil {
		return errNotFound
	}
	events, err := h.Store.QueryAuditEvents(ctx, storage.AuditQuery{UserID: u.ID, After: before, Limit: userEvents + 1})
	if err != nil {
		return err
	}
	if before != "" {
		p.NewestURL = userURL(u.ID) + "#history"
	}
	if len(events) > userEvents {
		events = events[:userEvents]
		p.OlderURL = userURL(u.ID) + "?before=" + events[userEvents-1].ID + "#history"
	}
	p.History, err = h.eventRows(v, events)
	return err
}

// addActing adds when somebody acted as a user, and when the user did as somebody else, the newest first.
func (h *Handlers) addActing(ctx context.Context, v *visit, u *user.Person, p *page.AdminUser) error {
	for rows, f := range map[*[]page.EventRow]storage.AuditQuery{&p.ActedBy: {UserID: u.ID}, &p.Acted: {Actor: u.ID}} {
		f.Kind, f.Limit = string(audit.ImpersonationStarted), userActing
		events, _, err := h.Store.SearchAuditEvents(ctx, f, eventsLookedAt)
		if err != nil {
			return err
		}
		if *rows, err = h.eventRows(v, events); err != nil {
			return err
		}
	}
	for i := range p.Acted {
		p.Acted[i].Actor = page.Ref{} // it is their page
	}
	return nil
}
