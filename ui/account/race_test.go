package account

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/ui/page"
)

// together posts the same form twenty times at once, with the same cookies, and returns how each was answered.
func (b *browser) together(path string, pairs ...string) map[int]int {
	b.t.Helper()
	var mu sync.Mutex
	var ready, done sync.WaitGroup
	codes := map[int]int{}
	ready.Add(1)
	for range 20 {
		r := b.request(http.MethodPost, path, form(pairs...))
		done.Go(func() {
			ready.Wait()
			rec := httptest.NewRecorder()
			b.handler.ServeHTTP(rec, r)
			mu.Lock()
			defer mu.Unlock()
			codes[rec.Code]++
		})
	}
	ready.Done()
	done.Wait()
	for code := range maps.Keys(codes) {
		if code >= 500 {
			b.t.Errorf("%s answered %v", path, codes)
		}
	}
	return codes
}

func TestCodesCountOnceHoweverOftenTheyArePosted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b := w.browser().signIn(row)
		b.get(pathTOTP).follow()
		b.together(b.path, "code", b.totp(b.seed()))
		w.wantKinds(row.ID, "password totp")
		if n := w.events(row.ID, audit.FactorAdded); n != 1 {
			t.Errorf("%d authenticators added", n)
		}
		b.get(pathEmail).follow().submit("", "email", "new@example.com").follow()
		b.together(b.path, "code", w.codeTo("new@example.com", delivery.VerifyEmail))
		if n := w.events(row.ID, audit.IdentifierVerified); n != 1 {
			t.Errorf("%d addresses verified", n)
		}
		b.together(pathTOTPRemove)
		w.wantKinds(row.ID, "password")
		other := w.browser().signIn(row).session()
		b.together(page.PathSessions+"/"+other.ID+"/end", "confirm", "yes")
		b.together(pathSignOut)
		if n := w.events(row.ID, audit.SessionEnded); n != 2 {
			t.Errorf("%d ends of two sessions", n)
		}
	})
}
