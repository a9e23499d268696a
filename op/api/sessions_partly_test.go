package api_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// Everybody's sessions end at once, and each of 5,000 is still written as active: a page tells that it looked at some of them and
// where to go on, and none is left out or comes twice.
func TestSessionsAfterEverybodysEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const many = 5_000
		userID, at := w.person(t, "user@example.com"), storage.At(w.clock.Now())
		add := func(tx *storage.Store, n int) error {
			return tx.StartSession(t.Context(), &storage.Session{UserID: userID, ID: fmt.Sprintf("ses_%025d0", n), Kind: storage.KindBrowser, AuthenticatedAt: at,
				CreatedAt: at, LastActiveAt: at, IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(at.Add(time.Hour))})
		}
		err := w.Store.Tx(t.Context(), func(tx *storage.Store) error {
			for n := range many {
				if err := add(tx, 10+n); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			err = w.Door.EndAll(t.Context(), w.Store, logout.Cause{Status: storage.StatusRevoked, Reason: logout.AllEnded, By: "cli"})
		}
		if err == nil { // begun afterwards, and standing, with an id behind all others
			err = add(w.Store, 1)
		}
		if err != nil {
			t.Fatal(err)
		}
		newest := w.session(t, userID)

		walk := func(query string) (pages []int, ids []string) {
			for cursor := ""; len(pages) < 100; {
				got := w.do(t, "GET", "/v1/sessions?limit=100&"+query+cursor, "").want(t, 200)
				data := got.body["data"].([]any)
				pages = append(pages, len(data))
				for _, d := range data {
					ids = append(ids, d.(map[string]any)["id"].(string))
				}
				next := got.text("next_cursor")
				if more := got.body["has_more"].(bool); more != (next != "") {
					t.Fatalf("has_more %t, next_cursor %q", more, next)
				} else if !more {
					return pages, ids
				}
				cursor = "&starting_after=" + url.QueryEscape(next)
			}
			t.Fatalf("%s: no end", query)
			return nil, nil
		}
		pages, ids := walk("status=active")
		if fmt.Sprint(pages) != "[1 0 1]" || ids[0] != newest.ID || ids[1] != fmt.Sprintf("ses_%025d0", 1) {
			t.Errorf("standing: pages of %v, %v", pages, ids)
		}
		if pages, ids := walk("status=abandoned"); len(ids) != 0 || len(pages) != 3 {
			t.Errorf("abandoned: pages of %v, %v", pages, ids)
		}
		for _, query := range []string{"status=revoked", "status=revoked&user_id=" + userID} {
			pages, ids := walk(query)
			if len(ids) != many || len(pages) > 52 {
				t.Fatalf("%s: %d on %d pages", query, len(ids), len(pages))
			}
			for i, id := range ids {
				if want := fmt.Sprintf("ses_%025d0", 10+many-1-i); id != want {
					t.Fatalf("%s: number %d is %s, want %s", query, i, id, want)
				}
			}
		}
	})
}
