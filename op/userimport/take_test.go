package userimport_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/userimport"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

type world struct {
	*userimport.Imports
	store *storage.Store
	clock *clock.Fake
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		clk := clock.NewFake(start)
		fn(t, &world{userimport.New(s, clk), s, clk})
	})
}

func (w *world) begin(t *testing.T, total int64) *storage.UserImport {
	t.Helper()
	i, err := w.Begin(t.Context(), w.store, total, "cli")
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (w *world) take(i *storage.UserImport, t *testing.T, upTo int64, lines ...*userimport.Line) error {
	return w.Take(t.Context(), i, lines, upTo, "cli")
}

func line(n int64, email, external string) *userimport.Line {
	return &userimport.Line{Number: n, Email: email, ExternalID: external,
		User: &storage.User{Name: "Ann", PublicMetadata: "{}", PrivateMetadata: "{}", UnsafeMetadata: "{}"}}
}

func TestTakeSortsLines(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		i := w.begin(t, 5)
		refused := line(4, "d@example.com", "")
		refused.Refused = &userimport.Refusal{Field: "name", Detail: "is wrong"}
		err := w.take(i, t, 5, line(1, " A@Example.com", "x"), line(2, "a@example.com", ""), line(3, "other@example.com", "x"), refused, line(5, "no address", ""))
		if err != nil || i.Lines != 5 || i.Created != 1 || i.Existing != 2 || i.Failed != 2 || i.Status() != storage.ImportFinished {
			t.Fatalf("%+v, %v", i, err)
		}
		list, err := w.store.ImportResults(t.Context(), i.ID, 0, 10)
		if err != nil || len(list) != 5 {
			t.Fatal(list, err)
		}
		for n, want := range []string{"created ", "exists email", "exists external_id", "failed name", "failed email"} {
			if got := list[n].Status + " " + list[n].Field; got != want {
				t.Errorf("line %d: %q, want %q", n+1, got, want)
			}
		}
		u, address, err := w.store.UserByIdentifier(t.Context(), storage.IdentifierEmail, "a@example.com")
		if err != nil || u.ID != list[0].UserID || u.Status != storage.UserActive || !address.VerifiedAt.Set() || list[1].UserID != u.ID {
			t.Errorf("%+v, %+v, %v", u, address, err)
		}
	})
}

// Whoever has an old count in hand makes nothing.
func TestTakeTellsWhoWasOvertaken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		i := w.begin(t, 0)
		old := *i
		if err := w.take(i, t, 1, line(1, "a@example.com", "")); err != nil {
			t.Fatal(err)
		}
		if err := w.take(&old, t, 1, line(1, "b@example.com", "")); !errors.Is(err, userimport.ErrOvertaken) || old.Lines != 0 {
			t.Errorf("%+v, %v", old, err)
		}
		if _, _, err := w.store.UserByIdentifier(t.Context(), storage.IdentifierEmail, "b@example.com"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("made: %v", err)
		}
	})
}

func TestCancelledImportTakesNoMore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		i := w.begin(t, 3)
		if err := w.take(i, t, 1, line(1, "a@example.com", "")); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time nothing changes
			c, err := w.Cancel(t.Context(), i.ID, "usr_x")
			if err != nil || c.Status() != storage.ImportCancelled || !c.CancelledAt.Equal(start) {
				t.Fatalf("%+v, %v", c, err)
			}
			w.clock.Advance(time.Hour)
		}
		if err := w.take(i, t, 2, line(2, "b@example.com", "")); !errors.Is(err, userimport.ErrCancelled) {
			t.Errorf("took a line: %v", err)
		}
		done := w.begin(t, 1)
		if err := w.take(done, t, 1, line(1, "c@example.com", "")); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Cancel(t.Context(), done.ID, "usr_x"); !errors.Is(err, userimport.ErrFinished) {
			t.Errorf("finished: %v", err)
		}
		if _, err := w.Cancel(t.Context(), "imp_none", "usr_x"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
		events, err := w.store.QueryAuditEvents(t.Context(), storage.AuditQuery{Kind: "users.import_cancelled", Limit: 5})
		if err != nil || len(events) != 1 || events[0].Actor != "usr_x" {
			t.Errorf("events %v, %v", events, err)
		}
	})
}

// Users outlive the import that made them; what became of its lines does not.
func TestDeletedImportLeavesItsUsers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		i := w.begin(t, 0)
		var lines []*userimport.Line
		for n := int64(1); n <= 20; n++ {
			lines = append(lines, line(n, fmt.Sprintf("u%d@example.com", n), ""))
		}
		if err := w.take(i, t, 20, lines...); err != nil {
			t.Fatal(err)
		}
		if err := w.Delete(t.Context(), i.ID, "usr_x"); err != nil {
			t.Fatal(err)
		}
		if err := w.take(i, t, 21, line(21, "late@example.com", "")); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("took a line: %v", err)
		}
		if err := w.Delete(t.Context(), i.ID, "usr_x"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("deleted twice: %v", err)
		}
		results, err := w.store.ImportResults(t.Context(), i.ID, 0, 10)
		if err != nil || len(results) != 0 {
			t.Errorf("results %v, %v", results, err)
		}
		if users, err := w.store.Users(t.Context(), storage.UserFilter{}); err != nil || len(users) != 20 {
			t.Errorf("%d users, %v", len(users), err)
		}
	})
}

func TestImportsAreForgotten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old, used := w.begin(t, 0), w.begin(t, 0)
		w.clock.Advance(time.Hour)
		if err := w.take(used, t, 1, line(1, "a@example.com", "")); err != nil { // counts from its last line
			t.Fatal(err)
		}
		for _, c := range []struct {
			wait time.Duration
			left int
		}{{userimport.Keep - time.Hour, 2}, {time.Microsecond, 1}, {time.Hour, 0}} {
			w.clock.Advance(c.wait)
			if err := w.Forget(t.Context()); err != nil {
				t.Fatal(err)
			}
			list, err := w.store.UserImports(t.Context(), storage.UserImportFilter{})
			if err != nil || len(list) != c.left || c.left == 1 && list[0].ID != used.ID {
				t.Errorf("after %v: %v, %v; %s was the old one", c.wait, list, err, old.ID)
			}
		}
		if results, err := w.store.ImportResults(t.Context(), used.ID, 0, 10); err != nil || len(results) != 0 {
			t.Errorf("results %v, %v", results, err)
		}
	})
}
