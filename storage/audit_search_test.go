package storage_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// Two filters together look at so many events at a time, and going on behind the last of them finds all the same.
func TestASearchLooksAtSoManyEvents(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		var events []*storage.AuditEvent
		for i := range 100 {
			e := &storage.AuditEvent{ID: fmt.Sprintf("evt_%03d", i), At: storage.At(t0.Add(time.Duration(i/2) * time.Second)), Kind: "consent.granted",
				ClientID: "notes", Actor: "cli", Data: "{}"}
			if i%25 == 0 {
				e.Kind = "consent.withdrawn"
			}
			events = append(events, e)
		}
		must(t, s.InsertAuditEvents(t.Context(), events))
		find := func(f storage.AuditQuery, atMost int) (ids []string, looks int) {
			t.Helper()
			for {
				list, further, err := s.SearchAuditEvents(t.Context(), f, atMost)
				must(t, err)
				looks++
				for _, e := range list {
					ids = append(ids, e.ID)
				}
				if further == nil {
					return ids, looks
				}
				if f.After == further.ID || !further.At.Set() {
					t.Fatalf("goes on behind %q", further.ID)
				}
				f.After = further.ID
			}
		}
		for i := range 30 { // of the kind there are many, but with others
			e := *events[0]
			e.ID, e.ClientID = fmt.Sprintf("evt_2%02d", i), "maps"
			must(t, s.InsertAuditEvents(t.Context(), []*storage.AuditEvent{&e}))
		}
		want := []string{"evt_075", "evt_050", "evt_025", "evt_000"}
		rare := storage.AuditQuery{ClientID: "notes", Kind: "consent.withdrawn", Limit: 10}
		if ids, looks := find(rare, 20); !slices.Equal(ids, want) || looks != 6 { // the last finds nothing behind the hundredth
			t.Errorf("%v in %d looks", ids, looks)
		}
		if ids, looks := find(rare, 50); !slices.Equal(ids, want) || looks != 1 { // the kind has fewer than that
			t.Errorf("%v in %d looks", ids, looks)
		}
		if ids, looks := find(rare, 1000); !slices.Equal(ids, want) || looks != 1 {
			t.Errorf("%v in %d looks", ids, looks)
		}
		rare.Since, rare.Until = t0.Add(10*time.Second), t0.Add(26*time.Second)
		if ids, _ := find(rare, 20); !slices.Equal(ids, []string{"evt_050", "evt_025"}) {
			t.Errorf("of sixteen seconds: %v", ids)
		}
		for _, f := range []storage.AuditQuery{{Actor: "cli"}, {ClientID: "notes"}, {Kind: "consent.granted"}, {}} {
			f.Limit = 3
			list, further, err := s.SearchAuditEvents(t.Context(), f, 1)
			if must(t, err); len(list) != 3 || list[0].ID != "evt_099" || further != nil {
				t.Errorf("%+v finds %d, %v", f, len(list), further)
			}
		}
		if ids, _ := find(storage.AuditQuery{SessionID: "ses_1", Kind: "consent.granted"}, 20); len(ids) != 0 {
			t.Errorf("of no session: %v", ids)
		}
	})
}

// Users are looked at so many at a time where what is asked for has no index.
func TestUsersAreNarrowedBySignInAndFactor(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		for i := range 6 {
			u := &storage.User{ID: fmt.Sprintf("usr_%d", i), Status: storage.UserActive, PublicMetadata: "{}", PrivateMetadata: "{}", UnsafeMetadata: "{}",
				FamilyName: fmt.Sprintf("Äbel%d", i), CreatedAt: storage.At(t0), UpdatedAt: storage.At(t0)}
			if i > 0 {
				u.LastSignInAt = storage.At(t0.AddDate(0, 0, -i))
			}
			must(t, s.InsertUser(t.Context(), u))
			if kind := []string{"", "password", "totp", "sms", "email", "recovery"}[i]; kind != "" {
				must(t, s.InsertFactor(t.Context(), &storage.Factor{UserID: u.ID, ID: "fac_1", Kind: kind, ConfirmedAt: storage.At(t0), CreatedAt: storage.At(t0)}))
			}
		}
		must(t, s.InsertFactor(t.Context(), &storage.Factor{UserID: "usr_0", ID: "fac_2", Kind: "totp", CreatedAt: storage.At(t0)})) // not confirmed
		for name, c := range map[string]struct {
			f    storage.UserSearch
			want []string
		}{
			"second":           {storage.UserSearch{SecondFactor: "yes"}, []string{"usr_3", "usr_2"}},
			"none":             {storage.UserSearch{SecondFactor: "no"}, []string{"usr_5", "usr_4", "usr_1", "usr_0"}},
			"lately":           {storage.UserSearch{Since: t0.AddDate(0, 0, -2)}, []string{"usr_2", "usr_1"}},
			"not lately":       {storage.UserSearch{Before: t0.AddDate(0, 0, -4)}, []string{"usr_5", "usr_0"}},
			"behind":           {storage.UserSearch{Before: t0.AddDate(0, 0, -4), After: "usr_3"}, []string{"usr_0"}},
			"family name":      {storage.UserSearch{Text: "Äbel3"}, []string{"usr_3"}},
			"of the family":    {storage.UserSearch{Text: "Äbel", SecondFactor: "yes"}, []string{"usr_2", "usr_3"}},
			"nothing imported": {storage.UserSearch{Text: "usr_3"}, nil},
		} {
			list, further, err := s.FindUsers(t.Context(), c.f)
			must(t, err)
			var got []string
			for _, u := range list {
				got = append(got, u.ID)
			}
			if !slices.Equal(got, c.want) || further != "" {
				t.Errorf("%s: %v, want %v (further %q)", name, got, c.want, further)
			}
		}
	})
}
