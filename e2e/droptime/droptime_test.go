package main

import (
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets this test binary be a replica, and has all forms run at once: they wait for most of their time.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		exit(serve())
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "5")
	os.Exit(m.Run())
}

// The measurement itself and the faults that are quick, so short that the minute is not waited out: every token that was
// given out is looked at instead, and none may live past it; and nothing is refreshed after an end. `make drop-time` and
// `make drop-time-faults` watch all of it.
func TestBoundHolds(t *testing.T) {
	for _, fault := range []string{"", faultKill, faultNotifications, faultHang, faultClock} {
		t.Run("fault "+fault, func(t *testing.T) {
			t.Parallel()
			r, err := measure(t.Context(), settings{Sessions: 60, Ends: 30, Warm: 4 * time.Second, Window: 6 * time.Second, Tail: 14 * time.Second,
				Error: 500 * time.Millisecond, Aim: time.Second, Fault: fault, Connections: 8})
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			r.print(&text)
			if !r.Passed || r.PastBound != 0 || r.Lost != 0 {
				t.Fatal(&text)
			}
			if len(r.Kinds) != unattended || len(r.Causes) != len(causes)+1 || r.OwnRefused == 0 {
				t.Errorf("%d kinds, %d causes, %d refusals:\n%s", len(r.Kinds), len(r.Causes), r.OwnRefused, &text)
			}
			for _, f := range r.Kinds {
				// Who is told drops long before the token dies, whatever has broken; who is not goes on until it does.
				if told := f.Name != string(byExp); told && f.P50 > 12_000 || !told && f.P50 < 12_000 {
					t.Errorf("%s: p50 %.0f ms:\n%s", f.Name, f.P50, &text)
				}
			}
			if c := r.Crowd; (c != nil) != (fault == faultHang) || c != nil && c.Tries == 0 {
				t.Errorf("crowd %+v", c)
			}
			if err := json.NewEncoder(io.Discard).Encode(r); err != nil {
				t.Error(err)
			}
		})
	}
}

// What the measurement is there to find is found.
func TestLateRequestsAreSeen(t *testing.T) {
	r := &rig{settings: settings{Error: 100 * time.Millisecond}}
	for _, k := range []kind{byPush, byExp} {
		p := &party{kind: k}
		if k == byExp {
			p.leeway = leeway
		}
		limit := bound + p.leeway + r.Error
		h := &held{rig: r, party: p}
		h.report = &end{held: h}
		at := time.Now()
		h.accepted(at.Add(-time.Second)) // before its end
		h.endedAt.Store(at.UnixNano())
		h.report.At = at
		for _, after := range []time.Duration{time.Second, limit} {
			if h.accepted(at.Add(after)); h.late.Load() != nil {
				t.Errorf("%s: accepted after %v is late", k, after)
			}
		}
		h.accepted(at.Add(limit + time.Millisecond))
		h.accepted(at.Add(limit + time.Second))
		if late := h.late.Load(); late == nil || len(*late) != 2 {
			t.Errorf("%s: accepted past the bound and not seen: %v", k, late)
		}
		if d := h.report.drop(); d != limit+time.Second {
			t.Errorf("%s: drop %v", k, d)
		}
	}
}

func TestLostEndsAreSeen(t *testing.T) {
	r := &rig{}
	good := found{status: "revoked", reason: "revoked", events: 1, feed: 1, owed: 1}
	e := &end{held: &held{rig: r, party: &party{kind: byBack}}, Cause: "revoked by the API"}
	if wrong := good.wrong(e, r); len(wrong) != 0 {
		t.Errorf("lost: %v", wrong)
	}
	for name, change := range map[string]func(*found){
		"active":      func(f *found) { f.status = "active" },
		"deleted":     func(f *found) { f.status = "deleted" },
		"reason":      func(f *found) { f.reason = "" },
		"event":       func(f *found) { f.events = 0 },
		"two events":  func(f *found) { f.events = 2 },
		"feed":        func(f *found) { f.feed = 0 },
		"family":      func(f *found) { f.families = 1 },
		"message":     func(f *found) { f.owed = 0 },
		"two of them": func(f *found) { f.owed = 2 },
		"given up":    func(f *found) { f.dropped = 1 },
	} {
		f := good
		if change(&f); len(f.wrong(e, r)) == 0 {
			t.Errorf("%s: not seen", name)
		}
	}
}

func TestAimIsWarnedOf(t *testing.T) {
	r := &report{aim: time.Second, Kinds: []figures{{Name: string(byPush), P99: 999}, {Name: string(byDeny), P99: 1001}, {Name: string(byExp), P99: 60_000}}}
	if r.warn(); len(r.Warnings) != 1 || !strings.HasPrefix(r.Warnings[0], "deny list") {
		t.Errorf("%v", r.Warnings)
	}
}

func TestPictureIsWellFormed(t *testing.T) {
	r := &report{Ends: 3, Sessions: 3, Kinds: []figures{{Name: string(byPush), Drops: []float64{0, 1, 15, 999}}, {Name: string(byExp), Drops: []float64{64_000, 1e9}}}}
	path := filepath.Join(t.TempDir(), "drop-time.svg")
	if err := r.draw(path); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, names := xml.NewDecoder(f), map[string]int{}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := token.(xml.StartElement); ok {
			names[s.Name.Local]++
		}
	}
	if names["svg"] != 1 || names["path"] < 10 || names["text"] < 10 {
		t.Errorf("%v", names)
	}
}
