package admin

import (
	"encoding/json"
	"strings"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// eventNames is what is known beside the events of a page: who is called how, and what is still there to be looked at.
type eventNames struct {
	h        *Handlers
	v        *visit
	emails   map[string]string
	people   map[string]*storage.User
	sessions map[string]bool
	apps     map[string]page.Ref
}

// eventData is the data of an event.
type eventData map[string]json.RawMessage

// text is a member that is a string, "" for any other.
func (d eventData) text(name string) (s string) {
	_ = json.Unmarshal(d[name], &s) // what is no string leaves it empty
	return s
}

// texts is a member that is a list of strings.
func (d eventData) texts(name string) (list []string) {
	_ = json.Unmarshal(d[name], &list)
	return list
}

func (h *Handlers) eventNames(v *visit, events []*storage.AuditEvent) (n *eventNames, err error) {
	ctx := v.r.Context()
	n = &eventNames{h: h, v: v, apps: map[string]page.Ref{}}
	var users, sessions []string
	for _, e := range events {
		var d eventData
		if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
			return nil, err
		}
		for _, s := range []string{e.Actor, e.UserID, d.text("actor"), d.text("approver")} {
			if _, err := id.Bytes(id.User, s); err == nil {
				users = append(users, s)
			}
		}
		if e.SessionID != "" {
			sessions = append(sessions, e.SessionID)
		}
	}
	if n.emails, err = h.emailsOf(ctx, users); err != nil {
		return nil, err
	}
	if n.people, err = h.Store.UsersOf(ctx, users); err != nil {
		return nil, err
	}
	n.sessions, err = h.Store.SessionsKnown(ctx, sessions)
	return n, err
}

// eventRows are events in words, with names in the place of ids, where there are some.
func (h *Handlers) eventRows(v *visit, events []*storage.AuditEvent) (rows []page.EventRow, err error) {
	n, err := h.eventNames(v, events)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		row, _, err := n.short(e)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// row is an event without what its data says.
func (n *eventNames) row(e *storage.AuditEvent, d eventData) (row page.EventRow, err error) {
	row = page.EventRow{ID: e.ID, At: e.At.Time, Kind: e.Kind, Deed: page.Deed(e.Kind), User: n.user(e.UserID), Address: e.IPAddress}
	switch {
	case audit.Kind(e.Kind) == audit.SessionStarted && d.text("kind") == string(storage.KindOffline):
		row.Deed = page.DeedOfflineStarted
	case audit.Kind(e.Kind) == audit.SessionEnded && d.text("actor") != "":
		row.Deed = page.DeedActingEnded
	}
	row.Alarming = isAlarming(row.Deed)
	if n.v.may(AuditRead) {
		row.URL = eventURL(e.ID)
	}
	if row.App, err = n.app(e.ClientID); err != nil {
		return row, err
	}
	if row.Actor, err = n.actor(e); err != nil {
		return row, err
	}
	if e.SessionID != "" {
		row.Session = page.Ref{Name: e.SessionID, ID: e.SessionID}
		if n.sessions[e.SessionID] && n.v.may(SessionsRead) {
			row.Session.URL = sessionURL(e.SessionID)
		}
	}
	return row, nil
}

// user is somebody; of one who was deleted only the id is left.
func (n *eventNames) user(userID string) page.Ref {
	if userID == "" {
		return page.Ref{}
	}
	r := page.Ref{Name: userID, ID: userID}
	if name := n.emails[userID]; name != "" {
		r.Name = name
	}
	if n.people[userID] != nil && n.v.may(UsersRead) {
		r.URL = userURL(userID)
	}
	return r
}

// actor is who did it.
func (n *eventNames) actor(e *storage.AuditEvent) (page.Ref, error) { return n.who(e.Actor) }

// who is a user, an application, a key of the API, the command line, curfew itself.
func (n *eventNames) who(by string) (page.Ref, error) {
	switch {
	case by == "":
		return page.Ref{}, nil
	case by == logout.System:
		return page.Ref{Key: "event.by.system", ID: by}, nil
	case by == "cli":
		return page.Ref{Key: "event.by.cli", ID: by}, nil
	case strings.HasPrefix(by, id.APIKey+"_"):
		return page.Ref{Key: "event.by.api_key", ID: by}, nil
	case strings.HasPrefix(by, id.User+"_"):
		return n.user(by), nil
	}
	return n.app(by)
}

func (n *eventNames) app(clientID string) (r page.Ref, err error) {
	if clientID == "" {
		return r, nil
	}
	if r, known := n.apps[clientID]; known {
		return r, nil
	}
	r.ID = clientID
	r.Name, r.URL, err = n.h.app(n.v, clientID)
	n.apps[clientID] = r
	return r, err
}
