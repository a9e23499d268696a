package user_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func create(t *testing.T, store *storage.Store, users *user.Users, address string) string {
	t.Helper()
	row, err := users.Create(t.Context(), store, user.NewUser{Email: address, Kind: audit.UserCreated, By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return row.ID
}

// race runs fn twenty times at once and returns what they said.
func race(fn func(i int) error) []error {
	errs := make([]error, 20)
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range errs {
		done.Go(func() {
			ready.Wait()
			errs[i] = fn(i)
		})
	}
	ready.Done()
	done.Wait()
	return errs
}

func TestManyWantOneAddress(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		users := user.New(store, clock.NewFake(start))
		ids := make([]string, 20)
		for i := range ids {
			ids[i] = create(t, store, users, fmt.Sprintf("user%d@example.com", i))
		}
		won := -1
		for i, err := range race(func(i int) error {
			_, err := users.ChangeEmail(t.Context(), store, ids[i], "wanted@example.com")
			return err
		}) {
			switch {
			case err == nil && won < 0:
				won = i
			case !errors.Is(err, user.ErrTaken):
				t.Errorf("%d: %v", i, err)
			}
		}
		for i, userID := range ids {
			want := fmt.Sprintf("user%d@example.com", i)
			if i == won {
				want = "wanted@example.com"
			}
			if p, err := users.Person(t.Context(), userID); err != nil || p.EmailValue != want || !p.EmailVerified {
				t.Errorf("%d has %+v, %v, want %s", i, p, err, want)
			}
		}
	})
}

func TestOneUserChangesManyTimesAtOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		users := user.New(store, clock.NewFake(start))
		userID := create(t, store, users, "user@example.com")
		won := 0
		for i, err := range race(func(i int) error {
			if _, err := users.ChangeEmail(t.Context(), store, userID, fmt.Sprintf("user%d@example.com", i)); err != nil {
				return err
			}
			return users.SetPhone(t.Context(), store, userID, fmt.Sprintf("+4930555010%d", i))
		}) {
			if err == nil {
				won++
			} else if !errors.Is(err, storage.ErrConflict) {
				t.Errorf("%d: %v", i, err)
			}
		}
		list, err := store.Identifiers(t.Context(), userID)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]int{}
		for _, i := range list {
			kinds[i.Kind]++
		}
		if kinds[storage.IdentifierEmail] != 1 || kinds[storage.IdentifierPhone] > 1 || won == 0 && kinds[storage.IdentifierPhone] != 0 {
			t.Errorf("%d won, and the user has %v", won, kinds)
		}
	})
}

func TestProfileOfManyHands(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		users := user.New(store, clock.NewFake(start))
		userID := create(t, store, users, "user@example.com")
		if err := users.UpdateProfile(t.Context(), userID, user.Profile{Name: "a\x00b"}); !errors.Is(err, user.ErrName) {
			t.Errorf("name with a control character: %v", err)
		}
		for i, err := range race(func(i int) error {
			return users.UpdateProfile(t.Context(), userID, user.Profile{Name: fmt.Sprint("Name ", i)})
		}) {
			if err != nil && !errors.Is(err, storage.ErrConflict) {
				t.Errorf("%d: %v", i, err)
			}
		}
		events, err := store.UserEvents(t.Context(), userID, 100)
		if err != nil {
			t.Fatal(err)
		}
		p, err := users.Person(t.Context(), userID)
		if err != nil || int64(len(events)) != p.Version { // one of each is the creation
			t.Errorf("%d events of version %d, %v", len(events), p.Version, err)
		}
	})
}
