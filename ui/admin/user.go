package admin

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// What a user's page has at most of each; the rest is a click away.
const (
	userLive    = 20
	userEnded   = 5
	userDevices = 20
	userEvents  = 20
	userActing  = 10
)

// subject returns the user that the path names, or errNotFound.
func (h *Handlers) subject(v *visit) (*user.Person, error) {
	userID := v.r.PathValue("user")
	if _, err := id.Bytes(id.User, userID); err != nil {
		return nil, errNotFound
	}
	return h.Users.Person(v.r.Context(), userID)
}

// changeable is subject for something that is done to them, errNotFound for who has more power than whoever does it.
func (h *Handlers) changeable(v *visit) (*user.Person, error) {
	u, err := h.subject(v)
	if err == nil && !over(v.person.User, u.User) {
		return nil, errNotFound
	}
	return u, err
}

// onUser runs do in a transaction with a user as that sees them, if who visits may change them by then; otherwise it returns
// errNotFound. A form takes as long to arrive as its sender likes, and what changeable read before is old news: neither gets
// another role from here to the commit.
func (h *Handlers) onUser(v *visit, userID string, do func(tx *storage.Store, row *storage.User) error) error {
	ctx := v.r.Context()
	return h.Store.Tx(ctx, func(tx *storage.Store) error {
		by, err := v.still(tx, userID)
		if err != nil {
			return err
		}
		row, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		if !over(by, row) {
			return errNotFound
		}
		return do(tx, row)
	})
}

func (h *Handlers) showUser(v *visit) error { return h.user(v, nil) }

// user shows a user, with what was typed into one of the forms of metadata where that was refused.
func (h *Handlers) user(v *visit, typed *page.MetadataForm) error {
	u, err := h.subject(v)
	if err != nil {
		return err
	}
	at := userURL(u.ID)
	p := page.AdminUser{Console: v.console(page.PathAdminUsers), ID: u.ID, Name: u.Name, Email: cmp.Or(u.Email, u.ID), Verified: u.EmailVerified,
		GivenName: u.GivenName, FamilyName: u.FamilyName, SessionLimit: int(u.SessionLimit),
		Phone: u.Phone, Locale: u.Locale, ExternalID: u.ExternalID, UserRole: u.Role, Disabled: u.Status == storage.UserDisabled, Self: u.ID == v.by(),
		CreatedAt: u.CreatedAt.Time, UpdatedAt: u.UpdatedAt.Time, LastSeen: u.LastSignInAt.Time,
		MoreSessionsURL: page.PathAdminSessions + "?q=" + url.QueryEscape(u.ID)}
	if v.may(AuditRead) {
		p.MoreEventsURL = page.PathAdminAudit + "?q=" + url.QueryEscape(u.ID)
	}
	if v.mayOn(UsersWrite, u.User) && !p.Self { // nobody locks themself out
		p.DisableAction, p.EnableAction = at+"/disable", ""
		if p.Disabled {
			p.DisableAction, p.EnableAction = "", at+"/enable"
		}
	}
	if v.mayOn(UsersWrite, u.User) {
		p.EditURL = at + "/edit"
		invitable, err := h.invitable(v.r.Context(), u)
		switch {
		case err != nil:
			return err
		case invitable:
			p.InviteAction = at + "/invite"
		case u.EmailVerified && !p.Disabled:
			p.ResetAction = at + "/reset"
		}
		if !p.Self {
			p.DeleteURL = at + "/delete"
		}
	}
	if v.mayOn(UsersRole, u.User) && !p.Self {
		p.RoleForm.Action = at + "/role"
	}
	if v.mayOn(UsersImpersonate, u.User) && !p.Self && !p.Disabled && h.Actors != nil {
		p.ImpersonateAction = at + "/impersonate"
	}
	for _, add := range []func(context.Context, *visit, *user.Person, *page.AdminUser) error{h.addSessions, h.addFactors, h.addDevices,
		h.addConsents, h.addActing, h.addHistory} {
		if err := add(v.r.Context(), v, u, &p); err != nil {
			return err
		}
	}
	if len(p.Live) > 0 && v.mayOn(SessionsEnd, u.User) {
		p.EndAllAction = at + "/end"
	}
	p.Metadata = metadataForms(v, u.User, at+"/metadata")
	var faults page.Errors
	if typed != nil {
		i := slices.IndexFunc(p.Metadata, func(m page.MetadataForm) bool { return m.Tier == typed.Tier })
		typed.Action = p.Metadata[i].Action
		p.Metadata[i], faults = *typed, typed.Errors
	}
	return v.show(p, faults)
}

func (h *Handlers) addSessions(ctx context.Context, v *visit, u *user.Person, p *page.AdminUser) error {
	views, err := h.Store.SessionViews(ctx, storage.SessionViewFilter{UserID: u.ID, Limit: userLive + userEnded}, p.Now)
	if err != nil {
		return err
	}
	rows, err := h.sessionRows(v, views, p.Now)
	if err != nil {
		return err
	}
	live, ended := 0, 0
	for _, r := range rows {
		r.User = "" // it is their page
		switch {
		case r.Live && live < userLive:
			live++
		case !r.Live && ended < userEnded:
			ended++
		default:
			continue
		}
		p.Live = append(p.Live, r)
	}
	return nil
}

func (h *Handlers) addFactors(ctx context.Context, v *visit, u *user.Person, p *page.AdminUser) error {
	list, err := h.Factors.List(ctx, u.ID)
	if err != nil {
		return err
	}
	for _, f := range list {
		row := page.FactorRow{Kind: string(f.Kind), Label: f.Label, Left: f.Left, CreatedAt: f.CreatedAt, UsedAt: f.UsedAt}
		if v.mayOn(UsersWrite, u.User) && row.Kind != "password" { // a password is reset, by its user
			row.RemoveAction = userURL(u.ID) + "/factors/" + url.PathEscape(f.ID) + "/remove"
		}
		p.Factors = append(p.Factors, row)
	}
	return nil
}

func (h *Handlers) addDevices(ctx context.Context, v *visit, u *user.Person, p *page.AdminUser) error {
	list, err := h.Store.Devices(ctx, u.ID, "", userDevices)
	if err != nil {
		return err
	}
	for _, d := range list {
		agent := session.ParseAgent(d.UserAgent)
		p.Devices = append(p.Devices, page.DeviceRow{Name: cmp.Or(agent.Name(v.person.Locale), "—"), Mobile: agent.Mobile, Address: d.IPAddress,
			City: d.City, Country: d.Country, FirstSeenAt: d.FirstSeenAt.Time, LastSeenAt: d.LastSeenAt.Time})
	}
	return nil
}

func (h *Handlers) addConsents(ctx context.Context, v *visit, u *user.Person, p *page.AdminUser) error {
	list, err := h.Store.Consents(ctx, u.ID)
	if err != nil {
		return err
	}
	for _, c := range list {
		row := page.ConsentRow{Scope: c.Scope, GrantedAt: c.GrantedAt.Time}
		if row.App, row.AppURL, err = h.app(v, c.ClientID); err != nil {
			return err
		}
		p.Consents = append(p.Consents, row)
	}
	return nil
}

// nilIfMissing is for what is looked for and may not be there.
func nilIfMissing(u *storage.User, err error) (*storage.User, error) {
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	return u, err
}
