package session_test

import (
	"errors"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

func endBy(w *world, s *storage.Session) {
	w.Helper()
	_, err := w.door.End(w.Context(), w.store, s, logout.Cause{Status: storage.StatusRevoked, Reason: logout.Revoked, By: "test"})
	w.must(err)
}

// standing is status and reason of a session's row.
func (w *world) standing(s *session.Current) string {
	w.Helper()
	row, err := w.store.Session(w.Context(), s.ID)
	w.must(err)
	return string(row.Status) + " " + row.EndReason
}

// A device is shared by all who sign in on it. Whoever forgets it for everybody ends the sessions of all of them, each as
// what it is; the browser is then one that nobody knows.
func TestForgetDevice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b, elsewhere := browser{}, browser{}
		ann, bob := w.person("ann@example.com", ""), w.person("bob@example.com", "admin")
		one, two, far := w.signIn(b, ann), w.signIn(b, bob), w.signIn(elsewhere, ann)
		if one.DeviceID != two.DeviceID || one.DeviceID == far.DeviceID {
			t.Fatal(one.DeviceID, two.DeviceID, far.DeviceID)
		}
		w.clock.Advance(time.Hour) // an administrator's session idles out after a quarter of one
		w.must(session.ForgetDevice(t.Context(), w.store, w.door, one.DeviceID, "root", w.clock.Now()))
		for s, want := range map[*session.Current]string{one: "removed device_forgotten", two: "abandoned idle", far: "active "} {
			if got := w.standing(s); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		w.wantNone(b, "the forgotten browser")
		if known, err := w.IsKnownDevice(t.Context(), b.request(), ann.ID); err != nil || known {
			t.Errorf("known: %v, %v", known, err)
		}
		if list, err := w.OnDevice(b.request()); err != nil || len(list) != 0 {
			t.Errorf("%d accounts, %v", len(list), err)
		}
		if err := session.ForgetDevice(t.Context(), w.store, w.door, one.DeviceID, "root", w.clock.Now()); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a second time: %v", err)
		}
		again := w.signIn(b, ann)
		if again.DeviceID == one.DeviceID {
			t.Error("the browser is on the same device again")
		}
	})
}

// A person forgets a device for themselves: who shares it stays signed in.
func TestForgetOwnDevice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := browser{}
		ann, bob := w.person("ann@example.com", ""), w.person("bob@example.com", "")
		one, two := w.signIn(b, ann), w.signIn(b, bob)
		stranger := w.person("eve@example.com", "")
		if err := session.ForgetOwnDevice(t.Context(), w.store, w.door, stranger.ID, one.DeviceID, w.clock.Now()); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a stranger's: %v", err)
		}
		w.must(session.ForgetOwnDevice(t.Context(), w.store, w.door, ann.ID, one.DeviceID, w.clock.Now()))
		if got := w.standing(one); got != "removed device_forgotten" {
			t.Error(got)
		}
		if got := w.standing(two); got != "active " {
			t.Error(got)
		}
		for u, want := range map[*storage.User]bool{ann: false, bob: true} {
			if known, err := w.IsKnownDevice(t.Context(), b.request(), u.ID); err != nil || known != want {
				t.Errorf("known: %v, %v", known, err)
			}
			if list, err := w.store.Devices(t.Context(), u.ID, "", 10); err != nil || (len(list) > 0) != want {
				t.Errorf("%d devices, %v", len(list), err)
			}
		}
		w.must(session.ForgetOwnDevice(t.Context(), w.store, w.door, bob.ID, one.DeviceID, w.clock.Now()))
		if _, err := w.store.Device(t.Context(), one.DeviceID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the device that nobody uses: %v", err)
		}
	})
}

// Somebody who signs in while the device is forgotten is on it before and signed out, or after and on another one.
func TestForgetDeviceWhileSomebodySignsIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann@example.com", "")
		for range 5 {
			b := browser{}
			first := w.signIn(b, ann)
			var wg sync.WaitGroup
			var second *session.Current
			wg.Go(func() {
				var err error
				second, err = w.Start(httptest.NewRecorder(), b.request(), ann, session.Proof{})
				if err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if err := session.ForgetDevice(t.Context(), w.store, w.door, first.DeviceID, "root", w.clock.Now()); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			if t.Failed() {
				return
			}
			if got := w.standing(second); (second.DeviceID == first.DeviceID) == (got == "active ") {
				t.Errorf("on device %s of %s: %s", second.DeviceID, first.DeviceID, got)
			}
		}
	})
}

// What nobody has used for as long as its cookie lives is removed, unless a session is on it.
func TestOldDevicesAreRemoved(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.person("ann@example.com", "")
		kept, gone := w.signIn(browser{}, u), w.signIn(browser{}, u)
		endBy(w, gone.Session)
		w.clock.Advance(session.DeviceTTL + time.Hour)
		for _, want := range []int{0, 1, 0} {
			n, err := w.store.DeleteDevices(t.Context(), w.clock.Now().Add(-session.DeviceTTL), 10)
			if err != nil || n != want {
				t.Errorf("%d removed, want %d, %v", n, want, err)
			}
			_, err = w.store.DeleteEndedSessions(t.Context(), w.clock.Now(), 10)
			w.must(err)
		}
		if _, err := w.store.Device(t.Context(), kept.DeviceID); err != nil {
			t.Error(err)
		}
	})
}
