package storage_test

import (
	"testing"
	"time"

	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// Bytes are compared, on both engines: what begins with a prefix is found and nothing else, whatever stands in it.
func TestUsersAreFoundByHowTheyBegin(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		now := storage.At(time.Unix(1_900_000_000, 0))
		for _, email := range []string{"a_b@example.com", "a-b@example.com", "ab@example.com", "b@example.com", "zoë@example.com"} {
			u := &storage.User{ID: "usr_" + email, Status: storage.UserActive, Name: "Name " + email, PublicMetadata: "{}", PrivateMetadata: "{}",
				UnsafeMetadata: "{}", CreatedAt: now, UpdatedAt: now}
			if err := s.InsertUser(t.Context(), u, &storage.Identifier{Kind: storage.IdentifierEmail, Value: email, UserID: u.ID, Display: email,
				IsPrimary: true, CreatedAt: now}); err != nil {
				t.Fatal(err)
			}
		}
		for prefix, want := range map[string]int{"a": 3, "a_": 1, "a-": 1, "A": 3, "zo": 1, "name ": 5, "NAME a": 3, "%": 0, "'": 0, "c": 0} {
			list, _, err := s.FindUsers(t.Context(), storage.UserSearch{Text: prefix})
			if err != nil || len(list) != want {
				t.Errorf("%q finds %d users, want %d (%v)", prefix, len(list), want, err)
			}
		}
		list, _, err := s.FindUsers(t.Context(), storage.UserSearch{Text: "name", Limit: 2})
		if err != nil || len(list) != 2 {
			t.Errorf("two of five: %d (%v)", len(list), err)
		}
	})
}
