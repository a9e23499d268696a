package account

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

func TestPasswordChangeEndsTheOtherSessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		w.client("notes", "Notes")
		b, other, stranger := w.browser().signIn(row), w.browser().signIn(row), w.browser().signIn(w.user("other@example.com", password))
		before, out := b.session(), other.session()
		w.takePart(out, "notes", true)
		stolen := b.cookies["curfew_session"]
		w.clock.Advance(time.Second)

		b.get(page.PathSecurity).asks("current_password")
		b.submit("/password", "current_password", password, "new_password", newPassword, "email", "ignored").leads(page.PathSecurity)
		b.follow().want(http.StatusOK).says("Your password has been changed.")

		after := b.session()
		if after == nil || after.ID != before.ID || b.cookies["curfew_session"] == stolen {
			t.Fatalf("session %v after %v, cookie changed: %v", after, before, b.cookies["curfew_session"] != stolen)
		}
		if !after.AuthenticatedAt.Equal(w.clock.Now()) || after.ACR != factor.ACRSingle || after.AMR != "pwd" {
			t.Errorf("the session rests on %s %s of %v", after.ACR, after.AMR, after.AuthenticatedAt)
		}
		b.cookies["curfew_session"] = stolen
		if b.session() != nil {
			t.Error("the cookie from before still opens the session")
		}
		if other.session() != nil || stranger.session() == nil {
			t.Errorf("other session live: %v, another user's ended: %v", other.session() != nil, stranger.session() == nil)
		}
		ended, err := w.Store.Session(t.Context(), out.ID)
		w.must(err)
		if ended.Status != storage.StatusRevoked || ended.EndReason != string(logout.PasswordChanged) || ended.EndedBy != row.ID {
			t.Errorf("other session %s, %s, by %s", ended.Status, ended.EndReason, ended.EndedBy)
		}
		live, err := w.Store.Sessions(t.Context(), storage.SessionFilter{UserID: row.ID, Live: true, Now: w.clock.Now()})
		w.must(err)
		if len(live) != 1 {
			t.Errorf("%d live sessions, want this one: lasting access ends too", len(live))
		}
		who := factor.Who{UserID: row.ID}
		if err := w.Factors.CheckPassword(t.Context(), who, newPassword); err != nil {
			t.Errorf("new password: %v", err)
		}
		if err := w.Factors.CheckPassword(t.Context(), who, password); !errors.Is(err, factor.ErrWrong) {
			t.Errorf("old password: %v", err)
		}
		w.letter(email, delivery.PasswordChanged)
		if n := w.events(row.ID, audit.PasswordChanged); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

func TestPasswordChangeIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b, other := w.browser().signIn(row), w.browser().signIn(row)
		for _, c := range []struct{ current, fresh, says string }{
			{"", newPassword, "Please fill this in."},
			{password, "", "Please fill this in."},
			{"wrong", newPassword, "This is not your current password."},
			{password, "short", "Use at least 8 characters."},
			{password, password, "That is the password you already have."},
			{password, "password1", "among the first that attackers try"},
			{password, email, "makes it easy to guess"},
		} {
			b.post(pathPassword, "current_password", c.current, "new_password", c.fresh).want(http.StatusUnprocessableEntity).
				says(c.says).without(newPassword)
		}
		if other.session() == nil {
			t.Error("a refused change ended a session")
		}
		if n := w.events(row.ID, audit.PasswordChanged); n != 0 {
			t.Errorf("%d events", n)
		}
	})
}

func TestGuessingTheCurrentPasswordIsThrottled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser().signIn(w.user(email, password))
		for range 10 {
			b.post(pathPassword, "current_password", "wrong", "new_password", newPassword).want(http.StatusUnprocessableEntity)
		}
		b.post(pathPassword, "current_password", password, "new_password", newPassword).want(http.StatusTooManyRequests).
			says("Too many tries. Try again in")
		if b.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	})
}

func TestPasswordSubmittedTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b := w.browser().signIn(row)
		old := b.cookies["curfew_session"]
		b.post(pathPassword, "current_password", password, "new_password", newPassword).leads(page.PathSecurity)
		fresh := b.cookies["curfew_session"]
		b.cookies["curfew_session"] = old // sent before the first answer was there
		b.post(pathPassword, "current_password", password, "new_password", newPassword).leads(pathSignIn)
		b.cookies["curfew_session"] = fresh
		b.post(pathPassword, "current_password", password, "new_password", newPassword).want(http.StatusUnprocessableEntity)
		if n := w.events(row.ID, audit.PasswordChanged); n != 1 {
			t.Errorf("%d changes", n)
		}
	})
}

func TestFirstPasswordNeedsAFreshProof(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, "")
		b := w.browser().signIn(row, factor.KindEmail)
		w.clock.Advance(11 * time.Minute)
		b.get(page.PathSecurity).without("current_password").says("You have no password yet.")
		b.post(pathPassword, "new_password", newPassword).want(http.StatusSeeOther)
		b.follow().want(http.StatusOK).says("E-mail me a code")
		b.submit("/method", "method", "email_code").want(http.StatusSeeOther)
		b.follow().asks("code").says("u•••@example.com")
		b.submit("", "code", another(w.codeTo(email, delivery.SignInCode))).want(http.StatusUnprocessableEntity)
		b.submit("", "code", w.codeTo(email, delivery.SignInCode)).leads(page.PathSecurity)
		b.post(pathPassword, "new_password", newPassword).leads(page.PathSecurity)
		if err := w.Factors.CheckPassword(t.Context(), factor.Who{UserID: row.ID}, newPassword); err != nil {
			t.Errorf("password: %v", err)
		}
	})
}
