package impersonate

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/ui/page"
)

// bannerTimeout is what a page waits for its banner, so that an error page is there when the database is not.
const bannerTimeout = 2 * time.Second

// Banner tells pages who acts as whom. It asks the session itself, for whichever page it is: a page of a handler that never
// looks at sessions has it, too.
type Banner struct {
	Sessions *session.Sessions
	Users    *user.Users
	Log      *slog.Logger
}

// Acting returns who acts as whom in the session of a request, nil for nobody. It is not a use of the session.
func (b Banner) Acting(r *http.Request) *page.Acting {
	ctx, cancel := context.WithTimeout(r.Context(), bannerTimeout)
	defer cancel()
	a, err := b.acting(r.WithContext(ctx))
	if err != nil && r.Context().Err() == nil {
		b.Log.ErrorContext(ctx, "page without its banner, if it was to have one", "error", err)
	}
	return a
}

func (b Banner) acting(r *http.Request) (*page.Acting, error) {
	current, err := b.Sessions.Peek(r)
	if errors.Is(err, session.ErrNone) || err == nil && !current.Impersonated() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// Whoever they are, the page must say that somebody acts.
	a := &page.Acting{User: page.Who{Name: current.UserID}, Actor: page.Who{Name: current.ActorSub}, EndsAt: current.ExpiresAt.Time,
		StopAction: page.PathActingStop}
	subject, err := who(r.Context(), b.Users, current.UserID)
	if err != nil {
		return a, err
	}
	a.User = subject
	by, err := who(r.Context(), b.Users, current.ActorSub)
	if err != nil {
		return a, err
	}
	a.Actor = by
	return a, nil
}
