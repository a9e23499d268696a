package admin

import (
	"strings"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// eventRows are events with names in the place of ids, where there are some.
func (h *Handlers) eventRows(v *visit, events []*storage.AuditEvent) (rows []page.EventRow, err error) {
	var ids []string
	for _, e := range events {
		for _, s := range []string{e.Actor, e.UserID} {
			if _, err := id.Bytes(id.User, s); err == nil {
				ids = append(ids, s)
			}
		}
	}
	names, err := h.emailsOf(v.r.Context(), ids)
	if err != nil {
		return nil, err
	}
	name := func(s string) string {
		if n, ok := names[s]; ok {
			return n
		}
		return s
	}
	for _, e := range events {
		row := page.EventRow{ID: e.ID, At: e.At.Time, Kind: e.Kind, Actor: name(e.Actor), User: name(e.UserID), Session: e.SessionID,
			Client: e.ClientID, Address: e.IPAddress, Request: e.RequestID, Data: e.Data, Sealed: e.Position > 0, Chain: e.Chain,
			Position: e.Position}
		if strings.HasPrefix(e.UserID, "usr_") && v.may(UsersRead) {
			row.UserURL = userURL(e.UserID)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
