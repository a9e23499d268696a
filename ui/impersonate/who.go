package impersonate

import (
	"context"
	"errors"
	"net/http"

	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// current is the session of a request, nil for none.
func (h *Handlers) current(r *http.Request) (*session.Current, error) {
	current, err := h.Sessions.Current(r)
	if errors.Is(err, session.ErrNone) {
		return nil, nil
	}
	return current, err
}

func (h *Handlers) who(ctx context.Context, userID string) (page.Who, error) {
	return who(ctx, h.Users, userID)
}

// who names somebody; by the id who was deleted meanwhile.
func who(ctx context.Context, users *user.Users, userID string) (page.Who, error) {
	person, err := users.Person(ctx, userID)
	if errors.Is(err, storage.ErrNotFound) {
		return page.Who{Name: userID}, nil
	}
	if err != nil {
		return page.Who{}, err
	}
	return page.Who{Name: person.Name, Email: person.Email}, nil
}

// locales are the languages of whoever reads the page, if they chose one.
func locales(u *storage.User) []string {
	if u.Locale == "" {
		return nil
	}
	return []string{u.Locale}
}
