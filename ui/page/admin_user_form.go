package page

import (
	"html/template"
	"slices"
)

// AdminUserForm opens an account, or changes the profile of one.
//
// Fields: given_name, family_name, full_name, language; no names by which a browser fills in what is the administrator's own. Of a
// new one: email_address, email_verified, role (where Roles), next ("mail" or "none").
// Of one there is: session_limit, external_id, version.
type AdminUserForm struct {
	Console
	Form
	New                         bool
	Email                       string
	Name, GivenName, FamilyName string
	Locale                      string // "" follows the browser

	UserRole string
	Roles    bool // who looks may give one
	Verified bool
	Next     string // one of Nexts

	SessionLimit string
	ExternalID   string
	Version      int64

	CancelURL string
}

func (AdminUserForm) template() string { return "admin_user_form" }

// AdminUserDelete asks once more before a user is deleted.
//
// Fields: confirm, "yes".
type AdminUserDelete struct {
	Console
	Form
	Email     string
	Sessions  int  // that are live
	More      bool // at least as many
	Told      []Told
	CancelURL string
}

func (AdminUserDelete) template() string { return "admin_user_delete" }

// Nexts lists what can follow when an account was opened: "admin.user.next.<next>" and ".more".
func Nexts() []string { return []string{"mail", "none"} }

// Faults and notices of users' forms.
const (
	UserLimit       Key = "admin.fault.session_limit" // {0}: the greatest
	UserLastOwner   Key = "admin.fault.last_owner"
	UserMade        Key = "admin.notice.user_made"
	UserInvited     Key = "admin.notice.user_invited"
	UserNotMailed   Key = "admin.notice.user_not_mailed"
	UserGone        Key = "admin.notice.user_deleted"
	InvitationSent  Key = "admin.notice.invited"
	NameNotAccepted Key = "admin.fault.name"        // {0}: greatest number of characters
	IDNotAccepted   Key = "admin.fault.external_no" // {0}: greatest number of characters
)

// UserFaults lists the faults of users' forms.
func UserFaults() []Key { return []Key{UserLimit, UserLastOwner, NameNotAccepted, IDNotAccepted} }

// userNotices are those that may cross a redirect.
func userNotices() []Key {
	return []Key{UserMade, UserInvited, UserNotMailed, UserGone, InvitationSent}
}

// AddressField asks for an address that is somebody else's: the browser is not to fill in the own.
func (v view) AddressField(form Form, value string) control {
	c := v.Needed(form, "email_address", v.T("field.email"), v.T("admin.user.email_hint"), value)
	c.Type, c.Mode, c.Max, c.Focus = "email", "email", 254, c.Fault != "" || len(form.Errors) == 0
	return c
}

// NameInput is a field for a name or a part of one.
func (v view) NameInput(form Form, name, label, hint, value string) control {
	c := v.Input(form, name, label, hint, value)
	c.Max = 200
	return c
}

// LimitInput is on how many devices a user may be signed in.
func (v view) LimitInput(form Form, value string) control {
	c := v.Input(form, "session_limit", v.T("event.field.session_limit"), v.T("admin.user.limit_hint"), value)
	c.Mode, c.Max = "numeric", 4
	return c
}

// LocaleChoice is a Choice among the languages of pages and mails. One that was set otherwise, for apps, stays on offer.
func (v view) LocaleChoice(form Form, value string) control {
	list := []Option{{"", v.T("profile.locale_browser")}}
	for _, l := range v.Languages() {
		list = append(list, Option{l.Lang, l.T("locale.name")})
	}
	if !slices.ContainsFunc(list, func(o Option) bool { return o.Value == value }) {
		list = append(list, Option{value, value})
	}
	c := v.Choice(form, "language", v.T("field.locale"), value, list)
	c.Hint = v.T("admin.user.locale_hint")
	return c
}

// FirstRole is the role that a user begins with.
func (v view) FirstRole(form Form, value string) control {
	c := v.RoleChoice(form, v.T("admin.role"), value, false)
	c.Hint = v.T("admin.user.role_hint")
	return c
}

// VerifiedTick says whether the administrator vouches for the address.
func (v view) VerifiedTick(form Form, checked bool) tick {
	return v.Tick(form, "email_verified", v.T("admin.user.verified"), v.T("admin.user.verified_hint"), checked)
}

// NextField asks what happens when the account is there.
func (v view) NextField(form Form, value string) picks {
	f := picks{field: v.field(form, "next", false)}
	f.Label = v.T("admin.user.next")
	for _, n := range Nexts() {
		f.Picks = append(f.Picks, pick{Type: "radio", ID: "f-next-" + n, Name: "next", Value: n, Label: v.T("admin.user.next." + n),
			More: v.T("admin.user.next." + n + ".more"), Checked: n == value})
	}
	return f
}

// Ends says how many sessions a deletion ends.
func (v view) Ends(p AdminUserDelete) template.HTML {
	if p.More {
		return v.HTML("admin.user.ends_more", v.Count(p.Sessions))
	}
	return template.HTML(template.HTMLEscapeString(v.N("admin.user.ends", p.Sessions)))
}
