package op_test

import (
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// modelInstant is how the sessions stood at a time.
type modelInstant struct {
	at       time.Time
	sessions map[string]replayable
}

// replayable is what the events must tell of a session.
type replayable struct {
	User, Device, Kind, Clients string
	Started, Expires, Ended     int64
	Live, Idle                  bool
	Status, Reason              string // of an end that is written down
}

// stepRemember keeps how all sessions stand. What is done afterwards is later, so that the instant parts the events.
func (w *modelWorld) stepRemember() {
	if len(w.sessions) == 0 {
		panic(nothing{})
	}
	w.instants = append(w.instants, modelInstant{w.clock.Now(), w.tables()})
	w.clock.Advance(time.Microsecond)
}

// tables reads the sessions of the world as their rows have them.
func (w *modelWorld) tables() map[string]replayable {
	list, err := w.store.SessionViews(w.Context(), storage.SessionViewFilter{Limit: 501}, w.clock.Now())
	w.must(err)
	out := map[string]replayable{}
	for _, v := range list {
		clients := slices.Sorted(slices.Values(v.ClientIDs))
		x := replayable{User: v.UserID, Device: v.DeviceID, Kind: string(v.Kind), Clients: strings.Join(clients, " "),
			Started: v.CreatedAt.UnixMicro(), Expires: v.ExpiresAt.UnixMicro(), Live: v.Stands == storage.StatusActive}
		if v.Status != storage.StatusActive {
			x.Ended, x.Status, x.Reason = v.EndedAt.UnixMicro(), string(v.Status), v.EndReason
		}
		x.Idle = v.Status == storage.StatusActive && v.Stands == storage.StatusAbandoned
		out[v.ID] = x
	}
	return out
}

// compareReplays asks the events alone how the sessions stood at each instant that was kept, and now. A session that was over
// before its end was written down is only compared for being over: the row does not say yet since when. That one is idle no event
// tells before it ends for it, and a row forgets its device with the device, which events do not.
func (w *modelWorld) compareReplays() {
	w.stepRememberLast()
	for _, then := range w.instants {
		list, err := audit.ReplayAfter(w.Context(), w.store, w.began, then.at)
		w.must(err)
		got := map[string]replayable{}
		for _, s := range list {
			slices.Sort(s.ClientIDs)
			x := replayable{User: s.UserID, Device: s.DeviceID, Kind: s.Kind, Clients: strings.Join(s.ClientIDs, " "),
				Started: s.StartedAt.UnixMicro(), Expires: s.ExpiresAt.UnixMicro(), Live: s.Live(then.at)}
			if !x.Live && then.sessions[s.ID].Status != "" {
				x.Ended, x.Status, x.Reason = s.EndedAt.UnixMicro(), s.Status, s.Reason
			}
			row := then.sessions[s.ID]
			if x.Idle = row.Idle; row.Idle {
				x.Live = false
			}
			if !x.Live && row.Device == "" {
				x.Device = ""
			}
			got[s.ID] = x
		}
		if diff := cmp.Diff(then.sessions, got); diff != "" {
			w.Fatalf("replay at %s (-rows +events):\n%s", then.at, diff)
		}
	}
}

// stepRememberLast is stepRemember for the end of a world, which may have no sessions.
func (w *modelWorld) stepRememberLast() {
	w.instants = append(w.instants, modelInstant{w.clock.Now(), w.tables()})
}
