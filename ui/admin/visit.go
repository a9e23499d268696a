package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// visit is one request of an administrator.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	current *session.Current
	person  *user.Person
	notice  page.Message
	pages   *page.Renderer
	h       *Handlers
}

// looking is the parameter by which a script asks for a page again that stands open: that is no use of the session, which
// would never end idle otherwise.
const looking = "live"

// admitted lets through who has the right. The session is read for every request, so one that was ended a moment ago opens
// nothing.
func (h *Handlers) admitted(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httpx.NoStore(w.Header())
		v, err := h.visit(w, r)
		proved := false
		if err == nil && !May(v.person.Role, rt.right) {
			err = errNotFound
		}
		if err == nil {
			proved, err = h.proved(r, v.current)
		}
		watching := r.URL.Query().Get(looking) != ""
		switch {
		case err == nil && !proved && watching:
			err = session.ErrNone
		case err == nil && !proved:
			err = h.enter(v)
		case err == nil:
			err = rt.do(v)
		}
		switch {
		case errors.Is(err, session.ErrNone) && watching:
			w.WriteHeader(http.StatusUnauthorized)
		case errors.Is(err, session.ErrNone):
			http.Redirect(w, r, pathSignIn, http.StatusSeeOther)
		case err != nil:
			h.fail(w, r, err)
		}
	})
}

// visit returns errNotFound for whoever has no business here. One who acts as an administrator is no administrator.
func (h *Handlers) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	read := h.Sessions.Current
	if r.URL.Query().Get(looking) != "" {
		read = h.Sessions.Peek
	}
	current, err := read(r)
	if err != nil {
		return nil, err
	}
	if !console(current) {
		return nil, errNotFound
	}
	r = r.WithContext(audit.WithSession(r.Context(), current.ID))
	person, err := h.Users.Person(r.Context(), current.UserID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, session.ErrNone
	}
	if err != nil {
		return nil, err
	}
	v := &visit{w: w, r: r, current: current, person: person, pages: h.Pages, h: h}
	v.notice = h.takeNotice(w, r)
	return v, nil
}

// console tells whether a session may see that there is one.
func console(c *session.Current) bool {
	return c.Kind == storage.KindBrowser && !c.Impersonated() && len(Roles[c.User.Role]) > 0
}

// proved tells whether a session was proved by what the console asks for.
func (h *Handlers) proved(r *http.Request, c *session.Current) (bool, error) {
	return h.Factors.Administers(r.Context(), c.UserID, c.ACR, c.AMR, c.AuthenticatedAt.Time)
}

// enter asks for the second factor. Who has set up none that counts here (factor.Administers) sets one up first.
func (h *Handlers) enter(v *visit) error {
	kinds, err := h.Factors.Kinds(v.r.Context(), v.by())
	if err != nil {
		return err
	}
	p := page.AdminEnter{Base: v.base(), Who: page.Who{Name: v.person.Name, Email: v.person.Email}, StepUpURL: pathSignIn,
		LeaveURL: page.PathAccount}
	if !factor.Independent(kinds) {
		p.StepUpURL, p.EnrollURL = "", page.PathConsoleFactor
	}
	return v.render(http.StatusForbidden, p)
}

// by names who acts, for the audit.
func (v *visit) by() string { return v.current.UserID }

func (v *visit) may(r Right) bool { return May(v.person.Role, r) }

// mayOn is may for something that is done to a user.
func (v *visit) mayOn(r Right, of *storage.User) bool { return v.may(r) && over(v.person.User, of) }

// still returns who visits as tx sees them, errNotFound once they have not the role any more by which they were let in. They stay
// as they are until tx has committed, and with them the users of others.
func (v *visit) still(tx *storage.Store, others ...string) (*storage.User, error) {
	ctx := v.r.Context()
	if err := tx.HoldUsers(ctx, append(others, v.by())...); err != nil {
		return nil, err
	}
	by, err := tx.User(ctx, v.by())
	if err == nil && (by.Role != v.person.Role || by.Status != storage.UserActive) {
		return nil, errNotFound
	}
	return by, err
}

func (v *visit) base() page.Base {
	b := page.Base{Notice: v.notice}
	if v.person.Locale != "" {
		b.Locales = []string{v.person.Locale}
	}
	return b
}

func (v *visit) console(section string) page.Console {
	return page.Console{Base: v.base(), Who: page.Who{Name: v.person.Name, Email: v.person.Email}, Role: v.person.Role,
		Session: v.current.ID, SignOutAction: pathSignOut, Section: section, Sections: sections(v.person.Role), Now: v.h.Clock.Now()}
}

func (v *visit) render(status int, p page.Page) error { return v.pages.Render(v.w, v.r, status, p) }

// show renders a page of ours: 200, or 422 with faults in it.
func (v *visit) show(p page.Page, faults page.Errors) error {
	if len(faults) > 0 {
		return v.render(http.StatusUnprocessableEntity, p)
	}
	return v.render(http.StatusOK, p)
}

// goTo ends a POST with a page of ours, so that loading it again does not post again.
func (v *visit) goTo(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

func (v *visit) form() (*httpx.Params, error) { return httpx.ReadForm(v.r) }

// query reads a parameter of the URL, cut to what anybody would type.
func (v *visit) query(name string) string {
	s := strings.TrimSpace(v.r.URL.Query().Get(name))
	if len(s) > 320 {
		return ""
	}
	return s
}

// next is the URL of the list's next page, which begins behind after.
func (v *visit) next(after string) string {
	q := v.r.URL.Query()
	q.Del(looking)
	q.Set("after", after)
	return v.r.URL.Path + "?" + q.Encode()
}

// first is the URL of the list's first page, "" on the first.
func (v *visit) first() string {
	q := v.r.URL.Query()
	if q.Get("after") == "" {
		return ""
	}
	q.Del("after")
	q.Del(looking)
	if len(q) == 0 {
		return v.r.URL.Path
	}
	return v.r.URL.Path + "?" + q.Encode()
}

// again is the URL of the page as a script asks for it again.
func (v *visit) again() string {
	q := v.r.URL.Query()
	q.Set(looking, "1")
	return v.r.URL.Path + "?" + q.Encode()
}

func userURL(userID string) string { return page.PathAdminUsers + "/" + url.PathEscape(userID) }

func sessionURL(sessionID string) string {
	return page.PathAdminSessions + "/" + url.PathEscape(sessionID)
}

func appURL(clientID string) string { return page.PathAdminApps + "/" + url.PathEscape(clientID) }
