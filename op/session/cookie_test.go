package session_test

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"
)

// One answer makes one browser of a new one, however often it is asked which: what was bound to it first is still its own.
func TestOneAnswerGivesOneBrowser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b, rec := browser{}, httptest.NewRecorder()
		r := b.request()
		first := w.Browser(rec, r)
		if again := w.Browser(rec, r); !bytes.Equal(first, again) {
			t.Error("asked twice, it is another")
		}
		if n := strings.Count(strings.Join(rec.Header()["Set-Cookie"], "\n"), "curfew_device="); n != 1 {
			t.Errorf("%d device cookies", n)
		}
		b.take(rec)
		if now := w.KnownBrowser(b.request()); !bytes.Equal(first, now) {
			t.Error("the browser is not the one that was asked about")
		}
	})
}
