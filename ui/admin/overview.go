package admin

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// span is how far back the charts go, and in what steps.
type span struct {
	bars  int
	every time.Duration
}

var spans = map[string]span{"24h": {24, time.Hour}, "7d": {28, 6 * time.Hour}, "30d": {30, 24 * time.Hour}}

// overview is the front page.
func (h *Handlers) overview(v *visit) error {
	p := page.AdminOverview{Console: v.console(page.PathAdmin), Span: v.query("span")}
	if _, ok := spans[p.Span]; !ok {
		p.Span = page.Spans()[0]
	}
	for _, name := range page.Spans() {
		p.Spans = append(p.Spans, page.Stack{Name: name, URL: page.PathAdmin + "?span=" + name, Current: name == p.Span})
	}
	p.Users, p.Active, p.Known = h.totals.read(h, p.Now)
	sp := spans[p.Span]
	until := p.Now.Truncate(sp.every).Add(sp.every)
	from := until.Add(-time.Duration(sp.bars) * sp.every)
	hours, err := h.hours(v.r.Context(), from, p.Now)
	if err != nil {
		return err
	}
	if p.Known {
		hours[hourOf(p.Now)][figActive] = p.Active
	}
	h.draw(&p, hours, from, sp)
	return v.show(p, nil)
}

// What is kept of an hour, beside "end." and the reason.
const (
	figSignIns  = "sign_ins"
	figFailures = "failures"
	figActive   = "active"   // when the hour was over
	figP99      = "drop_p99" // microseconds
	figEnd      = "end."
	figCounted  = "counted" // the hour has been counted
)

// late is how long after its end an hour is still counted anew: a delivery may be answered and a session taken through the door
// that long after.
const late = 10 * time.Minute

// mostAtOnce bounds what one page counts of hours that nobody has counted yet. Count counts the rest in the background.
const mostAtOnce = 3

// hours returns the figures of each hour from one on. Hours that are over were counted once; the last is counted as it is.
func (h *Handlers) hours(ctx context.Context, from, now time.Time) (map[int64]map[string]int64, error) {
	rows, err := h.Store.Figures(ctx, hourOf(from))
	if err != nil {
		return nil, err
	}
	by := map[int64]map[string]int64{}
	for _, r := range rows {
		if by[r.Hour] == nil {
			by[r.Hour] = map[string]int64{}
		}
		by[r.Hour][r.Name] = r.N
	}
	for hour, n := hourOf(now), 0; hour >= hourOf(from) && n < mostAtOnce; hour-- {
		if by[hour] != nil {
			continue
		}
		if by[hour], err = h.count(ctx, hour); err != nil {
			return nil, err
		}
		n++
	}
	return by, nil
}

func hourOf(at time.Time) int64 { return at.Unix() / 3600 }

// count counts what happened in an hour.
func (h *Handlers) count(ctx context.Context, hour int64) (map[string]int64, error) {
	from := time.Unix(hour*3600, 0)
	until := from.Add(time.Hour)
	f := map[string]int64{figCounted: 1}
	var err error
	if f[figSignIns], err = h.Store.CountEvents(ctx, string(audit.SessionStarted), from, until); err != nil {
		return nil, err
	}
	if f[figFailures], err = h.Store.CountEvents(ctx, string(audit.SignInFailed), from, until); err != nil {
		return nil, err
	}
	ends, err := h.Store.CountEnds(ctx, from, until)
	if err != nil {
		return nil, err
	}
	for reason, n := range ends {
		f[figEnd+causeOf(reason)] += n
	}
	drop, err := h.Store.SlowestDrop(ctx, logout.KindBackChannel, delivery.Delivered, from, until)
	f[figP99] = drop.Microseconds()
	return f, err
}

// keep counts an hour to which nothing will be added any more, and keeps what it came to. How many sessions lived takes a look at
// all of them, and can be told of the latest alone: sessions that have ended are deleted after a while.
func (h *Handlers) keep(ctx context.Context, hour int64, now time.Time) error {
	f, err := h.count(ctx, hour)
	if err != nil {
		return err
	}
	if until := time.Unix((hour+1)*3600, 0); now.Sub(until) < 2*time.Hour {
		if f[figActive], err = h.Store.CountActiveAt(ctx, until); err != nil {
			return err
		}
	}
	var rows []*storage.Figure
	for name, n := range f {
		if n != 0 {
			rows = append(rows, &storage.Figure{Hour: hour, Name: name, N: n})
		}
	}
	return h.Store.PutFigures(ctx, rows)
}

// Count counts the hours of the last thirty days that nobody has counted yet, some at a time. It is periodic work.
func (h *Handlers) Count(ctx context.Context) error {
	now := h.Clock.Now()
	rows, err := h.Store.Figures(ctx, hourOf(now)-31*24)
	if err != nil {
		return err
	}
	have := map[int64]bool{}
	for _, r := range rows {
		have[r.Hour] = true
	}
	for hour, n := hourOf(now.Add(-late))-1, 0; hour >= hourOf(now)-31*24 && n < 50; hour-- {
		if have[hour] {
			continue
		}
		if err := h.keep(ctx, hour, now); err != nil {
			return err
		}
		n++
	}
	return nil
}

// causeOf is what a chart calls the reason of an end.
func causeOf(reason string) string {
	switch logout.Reason(reason) {
	case logout.SignedOut, logout.Replaced, logout.DeviceForgotten:
		return "signed_out"
	case logout.Revoked, logout.AllEnded, logout.UserDisabled, logout.UserDeleted, logout.EpochMoved:
		return "revoked"
	case logout.Expired, logout.Idle:
		return "time"
	case logout.PasswordChanged:
		return "password"
	case logout.ClientEnded, logout.ConsentGone, "client_deleted":
		return "client"
	case logout.RefreshReused, logout.CodeReused:
		return "safety"
	}
	return "other"
}

// draw puts the hours into charts.
func (h *Handlers) draw(p *page.AdminOverview, hours map[int64]map[string]int64, from time.Time, sp span) {
	times := make([]time.Time, sp.bars)
	for i := range times {
		times[i] = from.Add(time.Duration(i) * sp.every)
	}
	add := func(name string) []int64 {
		values := make([]int64, sp.bars)
		for hour, f := range hours {
			if i := int(time.Unix(hour*3600, 0).Sub(from) / sp.every); i >= 0 && i < sp.bars && f[name] > 0 {
				if name == figActive || name == figP99 { // of hours there is no sum: the highest stands for all
					values[i] = max(values[i], f[name])
					continue
				}
				values[i] += f[name]
			}
		}
		return values
	}
	chart := func(name string) page.Chart {
		return page.Chart{Name: name, Times: times, Every: sp.every, Series: []page.Series{{Name: name, Values: add(name)}}}
	}
	ends := page.Chart{Name: "ends", Times: times, Every: sp.every}
	for _, cause := range page.CauseNames() {
		if s := add(figEnd + cause); slices.Max(s) > 0 {
			ends.Series = append(ends.Series, page.Series{Name: cause, Values: s})
		}
	}
	signIns, failures, active, drop := chart(figSignIns), chart(figFailures), chart(figActive), chart(figP99)
	drop.Micro = true
	p.Charts = []page.Chart{signIns, active, ends, failures, drop}
	p.Totals = []page.Total{{Name: figSignIns, Value: signIns.Total()}, {Name: figFailures, Value: failures.Total()},
		{Name: "ends", Value: ends.Total()}, {Name: figP99, Took: time.Duration(drop.Max()) * time.Microsecond}}
}

// totals are the numbers of users and of live sessions, which take a look at every row: they are counted in the background, and a
// page shows what was counted last.
type totals struct {
	mu            sync.Mutex
	users, active int64
	known         bool
	at            time.Time
	counting      bool
}

const totalsFor = 30 * time.Second

func (t *totals) read(h *Handlers, now time.Time) (users, active int64, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.counting && (!t.known || now.Sub(t.at) > totalsFor) {
		t.counting = true
		done := make(chan struct{})
		h.running.Go(func() { defer close(done); t.count(h, now) })
		if !t.known { // of a small house at once
			t.mu.Unlock()
			select {
			case <-done:
			case <-time.After(40 * time.Millisecond):
			}
			t.mu.Lock()
		}
	}
	return t.users, t.active, t.known
}

func (t *totals) count(h *Handlers, now time.Time) {
	ctx, cancel := context.WithTimeout(h.background, 20*time.Second)
	defer cancel()
	users, err := h.Store.CountUsers(ctx)
	var active int64
	if err == nil {
		active, err = h.Store.CountActive(ctx, now)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counting = false
	if err != nil {
		h.Log.WarnContext(ctx, "totals not counted", "error", err)
		return
	}
	t.users, t.active, t.known, t.at = users, active, true, now
}
