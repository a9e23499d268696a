package account

import (
	"errors"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// onHistoryPage is how many events a page lists.
const onHistoryPage = 50

// showHistory tells what was done with the account, from the audit. Only what has words is there: the rest concerns nobody but
// the operator.
func (h *Handlers) showHistory(v *visit) error {
	before := v.r.URL.Query().Get("before")
	if _, err := id.Bytes(id.Event, before); before != "" && err != nil {
		return errNotFound
	}
	list, err := h.Store.UserHistory(v.r.Context(), v.userID(), historyKinds(), before, onHistoryPage+1)
	if err != nil {
		return err
	}
	p := page.AccountHistory{Frame: v.frame()}
	if before != "" {
		p.NewestURL = page.PathHistory
	}
	if len(list) > onHistoryPage {
		list = list[:onHistoryPage]
		p.OlderURL = page.PathHistory + "?before=" + list[onHistoryPage-1].ID
	}
	known, err := h.historyOf(v, list)
	if err != nil {
		return err
	}
	for _, e := range list {
		entry, ok, err := known.entry(e)
		if err != nil {
			return err
		}
		if ok {
			p.Entries = append(p.Entries, entry)
		}
	}
	return v.show(p, nil)
}

// history is what is known beside the events of a page.
type history struct {
	h       *Handlers
	v       *visit
	devices map[string]*storage.Device
	acting  map[string]*storage.AuditEvent // how impersonations began, by session
	names   map[string]string              // of who acted
}

func (h *Handlers) historyOf(v *visit, list []*storage.AuditEvent) (k *history, err error) {
	ctx := v.r.Context()
	k = &history{h: h, v: v, names: map[string]string{}}
	var devices, sessions []string
	for _, e := range list {
		if e.DeviceID != "" {
			devices = append(devices, e.DeviceID)
		}
		if e.SessionID != "" {
			sessions = append(sessions, e.SessionID)
		}
	}
	if k.devices, err = h.Store.DevicesByID(ctx, devices); err != nil {
		return nil, err
	}
	if k.acting, err = h.Store.SessionEvents(ctx, v.userID(), string(audit.ImpersonationStarted), sessions); err != nil {
		return nil, err
	}
	for _, e := range k.acting {
		if _, known := k.names[e.Actor]; known {
			continue
		}
		who, err := h.Store.User(ctx, e.Actor)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return nil, err
		}
		if k.names[e.Actor] = ""; err == nil {
			k.names[e.Actor] = who.Name
		}
	}
	return k, nil
}
