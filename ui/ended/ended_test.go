package ended_test

import (
	"testing"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/ended"
	"github.com/curfew-id/curfew/ui/locale"
	"github.com/curfew-id/curfew/ui/page"
)

const me, admin = "usr_me", "usr_admin"

// Every reason has its end, and every end words in each language: in a list, and to the person whose session it was.
func TestWordsForEachReason(t *testing.T) {
	texts := map[string]*locale.Texts{}
	for _, lang := range []string{"en", "de"} {
		set, err := locale.Load(lang)
		if err != nil {
			t.Fatal(err)
		}
		texts[lang] = set.All()[0]
	}
	for _, c := range []struct {
		reason logout.Reason
		by     string
		want   page.End
		en, de string // to the person
	}{
		{logout.SignedOut, me, page.EndSignedOut, "You are signed out. Please sign in again.", "Sie sind abgemeldet. Bitte melden Sie sich wieder an."},
		{logout.DeviceForgotten, me, page.EndSignedOut, "", ""},
		{logout.Replaced, logout.System, page.EndReplaced, "You were signed out because your account was used on another device.",
			"Sie wurden abgemeldet, weil Ihr Konto auf einem anderen Gerät benutzt wurde."},
		{logout.Expired, logout.System, page.EndExpired, "", ""},
		{logout.Idle, logout.System, page.EndIdle, "", ""},
		{logout.PasswordChanged, me, page.EndPassword, "", ""},
		{logout.UserDisabled, admin, page.EndDisabled, "", ""},
		{logout.UserDeleted, admin, page.EndDisabled, "", ""},
		{logout.RefreshReused, logout.System, page.EndSafety, "", ""},
		{logout.CodeReused, logout.System, page.EndSafety, "", ""},
		{logout.ConsentGone, me, page.EndConsent, "", ""},
		{logout.ClientEnded, admin, page.EndOperator, "", ""},
		{logout.AllEnded, admin, page.EndOperator, "", ""},
		{logout.Revoked, admin, page.EndOperator, "You were signed out by an administrator.", "Sie wurden von der Verwaltung abgemeldet."},
		{logout.Revoked, me, page.EndElsewhere, "", ""},
		{logout.EpochMoved, logout.System, page.EndOther, "", ""},
		{"of a later version", logout.System, page.EndOther, "", ""},
	} {
		v := &storage.SessionView{Session: storage.Session{UserID: me, Status: storage.StatusRevoked, EndReason: string(c.reason), EndedBy: c.by},
			Stands: storage.StatusRevoked}
		end := ended.Why(v)
		if end != c.want {
			t.Errorf("%s by %s: %s, want %s", c.reason, c.by, end, c.want)
		}
		for lang, want := range map[string]string{"en": c.en, "de": c.de} {
			notice, why := texts[lang].T("end."+string(end)+".notice"), texts[lang].T("end."+string(end)+".why")
			if !texts[lang].Has("end."+string(end)+".notice") || !texts[lang].Has("end."+string(end)+".why") || want != "" && notice != want {
				t.Errorf("%s, %s: %q, %q", c.reason, lang, notice, why)
			}
		}
	}
}

// What nobody has taken through the door yet has the same words.
func TestWhyOfOverdue(t *testing.T) {
	for stands, want := range map[storage.SessionStatus]page.End{storage.StatusExpired: page.EndExpired, storage.StatusAbandoned: page.EndIdle} {
		if got := ended.Why(&storage.SessionView{Session: storage.Session{UserID: me, Status: storage.StatusActive}, Stands: stands}); got != want {
			t.Errorf("%s: %s", stands, got)
		}
	}
	v := &storage.SessionView{Session: storage.Session{UserID: me, Status: storage.StatusActive}, Stands: storage.StatusRevoked,
		Moved: &storage.EpochMove{Status: storage.StatusRevoked, Reason: string(logout.PasswordChanged), By: me}}
	if got := ended.Why(v); got != page.EndPassword {
		t.Error(got)
	}
}
