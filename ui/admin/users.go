package admin

import (
	"context"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// rowsShown is how many rows a list has to a page.
const rowsShown = 50

// seenSpans is by when users last signed in they can be narrowed to; what is below zero is for those who did not.
var seenSpans = map[string]time.Duration{"7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour, "not30d": -30 * 24 * time.Hour,
	"not90d": -90 * 24 * time.Hour, "not1y": -365 * 24 * time.Hour}

func (h *Handlers) listUsers(v *visit) error {
	ctx, q := v.r.Context(), v.query("q")
	if _, err := id.Bytes(id.User, q); err == nil {
		return v.goTo(userURL(q))
	}
	p := page.AdminUsers{Console: v.console(page.PathAdminUsers), Query: q, Status: v.query("status"), RoleFilter: v.query("role"),
		Second: v.query("second"), Seen: v.query("seen")}
	if v.may(UsersWrite) {
		p.NewURL = pathNewUser
	}
	f := storage.UserSearch{Text: q, Status: p.Status, Role: p.RoleFilter, SecondFactor: p.Second, After: v.query("after"), Limit: rowsShown + 1}
	switch back, known := seenSpans[p.Seen]; {
	case p.Seen != "" && !known, p.Second != "" && p.Second != "yes" && p.Second != "no":
		return errBadForm
	case back > 0:
		f.Since = p.Now.Add(-back)
	case back < 0:
		f.Before = p.Now.Add(back)
	}
	rows, further, err := h.Store.FindUsers(ctx, f)
	if err != nil {
		return err
	}
	switch {
	case len(rows) > rowsShown:
		rows = rows[:rowsShown]
		if p.More = q != ""; !p.More {
			p.Pager.NextURL = v.next(rows[rowsShown-1].ID)
		}
	case further != "":
		p.Partly, p.Pager.NextURL = true, v.next(further)
	}
	if q == "" {
		p.Pager.FirstURL = v.first()
	}
	emails, err := h.emails(ctx, rows)
	if err != nil {
		return err
	}
	for _, u := range rows {
		p.Users = append(p.Users, page.UserRow{URL: userURL(u.ID), Name: u.Name, Email: emails[u.ID], Role: u.Role,
			Disabled: u.Status == storage.UserDisabled, CreatedAt: u.CreatedAt.Time, LastSignInAt: u.LastSignInAt.Time})
	}
	return v.show(p, nil)
}

// emails returns the primary address of each user, by id; of one who has none, the id.
func (h *Handlers) emails(ctx context.Context, users []*storage.User) (map[string]string, error) {
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	return h.emailsOf(ctx, ids)
}

func (h *Handlers) emailsOf(ctx context.Context, ids []string) (map[string]string, error) {
	by := map[string]string{}
	for _, userID := range ids {
		by[userID] = userID
	}
	if len(ids) == 0 {
		return by, nil
	}
	list, err := h.Store.IdentifiersOf(ctx, ids)
	for _, i := range list {
		if i.Kind == storage.IdentifierEmail && i.IsPrimary {
			by[i.UserID] = i.Display
		}
	}
	return by, err
}

// userOf finds somebody by their id or their whole address; nil for nobody.
func (h *Handlers) userOf(ctx context.Context, q string) (*storage.User, error) {
	if _, err := id.Bytes(id.User, q); err == nil {
		return nilIfMissing(h.Store.User(ctx, q))
	}
	if !strings.Contains(q, "@") {
		return nil, nil
	}
	return nilIfMissing(h.Users.ByEmail(ctx, strings.ToLower(q)))
}
