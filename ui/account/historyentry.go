package account

import (
	"encoding/json"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/ended"
	"github.com/curfew-id/curfew/ui/page"
)

// historyKinds are the events that a person is told of.
func historyKinds() (list []string) {
	for _, d := range page.Deeds() {
		list = append(list, string(d))
	}
	return list
}

// historyData is what is read of the events' data.
type historyData struct {
	Kind   string                `json:"kind"` // of a session, or of a factor
	Status storage.SessionStatus `json:"status"`
	Reason string                `json:"reason"`
}

// entry puts an event into words; false for one that another says better.
func (k *history) entry(e *storage.AuditEvent) (entry page.HistoryEntry, ok bool, err error) {
	var d historyData
	if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
		return entry, false, err
	}
	entry = page.HistoryEntry{Deed: page.Deed(e.Kind), At: e.At.Time, By: k.by(e)}
	if entry.About, err = k.app(e.ClientID); err != nil {
		return entry, false, err
	}
	began := k.acting[e.SessionID]
	switch audit.Kind(e.Kind) {
	case audit.SessionStarted:
		if began != nil {
			return entry, false, nil
		}
		if storage.SessionKind(d.Kind) == storage.KindOffline {
			entry.Deed, e.DeviceID, e.IPAddress = page.DeedOfflineStarted, "", ""
		}
	case audit.SessionEnded:
		entry.Why = ended.Why(&storage.SessionView{Session: storage.Session{UserID: e.UserID, Status: d.Status, EndReason: d.Reason, EndedBy: e.Actor}})
		if began != nil {
			entry.Deed = page.DeedActingEnded
		}
	case audit.FactorAdded, audit.FactorRemoved:
		if m, ok := methodOf[factor.Kind(d.Kind)]; ok {
			entry.Method = m
		}
	}
	if entry.By == page.BySupport {
		entry.Support = k.names[e.Actor]
		if audit.Kind(e.Kind) == audit.ImpersonationStarted {
			entry.Reason = d.Reason
		}
	}
	k.where(&entry, e)
	return entry, true, nil
}

// by tells who did it. Of others no more is told than their part, but for who acted as the person.
func (k *history) by(e *storage.AuditEvent) page.By {
	switch kind := audit.Kind(e.Kind); {
	case kind == audit.SignInFailed, kind == audit.SignInThrottled, kind == audit.FamilyStarted, kind == audit.CodeReused, e.Actor == "":
		return page.ByNobody
	case e.Actor == e.UserID:
		return page.ByYou
	case k.acting[e.SessionID] != nil && k.acting[e.SessionID].Actor == e.Actor:
		return page.BySupport
	case e.Actor == logout.System:
		return page.BySystem
	case e.Actor == e.ClientID:
		return page.ByApp
	}
	return page.ByOperator
}

// where says where it was done, if that was the person or is not known: the places of others are theirs.
func (k *history) where(entry *page.HistoryEntry, e *storage.AuditEvent) {
	if entry.By != page.ByYou && entry.By != page.ByNobody || audit.Kind(e.Kind) == audit.FamilyStarted || audit.Kind(e.Kind) == audit.CodeReused {
		return
	}
	if d := k.devices[e.DeviceID]; d != nil {
		entry.Device, entry.Mobile = deviceName(d.UserAgent, k.v.locale()), isMobile(d.UserAgent)
	}
	place := k.h.Sessions.Place(e.IPAddress)
	entry.Address, entry.City, entry.Country = e.IPAddress, place.City, place.Country
}

// app is the name of a client, its id where it was deleted.
func (k *history) app(clientID string) (string, error) {
	if clientID == "" {
		return "", nil
	}
	names, err := k.h.appNames(k.v, []string{clientID})
	if err != nil || len(names) == 0 {
		return clientID, err
	}
	return names[0], nil
}
