package account

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

var (
	seedText     = regexp.MustCompile(`(?s)<p class="secret"><code>(.*?)</code>`)
	tags         = regexp.MustCompile(`<[^>]*>|\s`)
	recoveryText = regexp.MustCompile(`<li><code>([0-9a-z-]{19})</code>`)
)

// seed reads the key off the page, as somebody does who cannot scan it.
func (b *browser) seed() string {
	b.t.Helper()
	m := seedText.FindStringSubmatch(b.body)
	if m == nil {
		b.t.Fatalf("%s shows no key:\n%s", b.path, b.body)
	}
	return tags.ReplaceAllString(m[1], "")
}

func (b *browser) totp(seed string) string {
	b.t.Helper()
	code, err := totp.GenerateCode(seed, b.clock.Now())
	b.must(err)
	return code
}

// enroll sets up an authenticator and returns its seed.
func (b *browser) enroll() string {
	b.t.Helper()
	b.get(pathTOTP).want(http.StatusSeeOther)
	b.follow().asks("code").says(`src="data:image/png;base64,`)
	seed := b.seed()
	b.submit("", "code", b.totp(seed)).leads(page.PathSecurity)
	b.clock.Advance(factor.TOTPPeriod) // each code counts once
	return seed
}

func (w *world) kinds(userID string) (list []string) {
	w.t.Helper()
	infos, err := w.Factors.List(w.t.Context(), userID)
	w.must(err)
	for _, i := range infos {
		list = append(list, string(i.Kind))
	}
	slices.Sort(list)
	return list
}

func (w *world) wantKinds(userID, want string) {
	w.t.Helper()
	if got := strings.Join(w.kinds(userID), " "); got != want {
		w.t.Errorf("factors %q, want %q", got, want)
	}
}

func TestTOTP(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b := w.browser().signIn(row)
		b.get(page.PathSecurity).says(`href="` + pathTOTP + `"`)
		b.get(pathTOTP).want(http.StatusSeeOther)
		enrolling := b.header.Get("Location")
		b.follow().asks("code")
		seed := b.seed()
		if b.get(enrolling).seed() != seed {
			t.Error("loading the page again shows another key")
		}
		b.submit("", "code", another(b.totp(seed))).want(http.StatusUnprocessableEntity).says("This code is not right")
		if b.seed() != seed {
			t.Error("after a typing error the page shows another key")
		}
		b.submit("").want(http.StatusUnprocessableEntity).says("Please fill this in.")
		w.wantKinds(row.ID, "password")
		code := b.totp(seed)
		b.submit("", "code", code).leads(page.PathSecurity)
		b.follow().says("Your authenticator app is set up.").without(seed).without(`href="` + pathTOTP + `"`)
		w.wantKinds(row.ID, "password totp")
		b.post(enrolling, "code", code).leads(page.PathSecurity) // the second of two clicks
		b.get(enrolling).leads(page.PathSecurity)
		w.letter(email, delivery.FactorsChanged)

		b.get(page.PathSecurity).submit("/totp/remove").leads(page.PathSecurity)
		b.follow().says("Removed.")
		w.wantKinds(row.ID, "password")
		b.post(pathTOTPRemove).leads(page.PathSecurity)
		for kind, want := range map[audit.Kind]int{audit.FactorAdded: 1, audit.FactorRemoved: 1} {
			if n := w.events(row.ID, kind); n != want {
				t.Errorf("%d events %s, want %d", n, kind, want)
			}
		}
	})
}

func TestRecoveryCodesAreShownOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b := w.browser().signIn(row)
		b.get(page.PathSecurity).without(`action="` + pathRecovery + `"`)
		b.post(pathRecovery).leads(page.PathSecurity) // nothing that they could stand in for
		w.wantKinds(row.ID, "password")
		b.enroll()
		b.get(page.PathSecurity).submit("/recovery").want(http.StatusOK)
		if b.header.Get("Cache-Control") != "no-store" {
			t.Error("the page may be kept")
		}
		codes := recoveryText.FindAllStringSubmatch(b.body, -1)
		if len(codes) != factor.RecoveryCodes {
			t.Fatalf("%d codes", len(codes))
		}
		b.get(page.PathSecurity).says("10 of 10 left").without(codes[0][1])
		who := factor.Who{UserID: row.ID}
		w.must(w.Factors.CheckRecoveryCode(t.Context(), who, codes[0][1]))
		b.get(page.PathSecurity).says("9 of 10 left")
		b.submit("/recovery").want(http.StatusOK)
		again := recoveryText.FindAllStringSubmatch(b.body, -1)
		if err := w.Factors.CheckRecoveryCode(t.Context(), who, codes[1][1]); err == nil {
			t.Error("a replaced code counts")
		}
		w.must(w.Factors.CheckRecoveryCode(t.Context(), who, again[1][1]))
		b.post(pathTOTPRemove).leads(page.PathSecurity)
		w.wantKinds(row.ID, "password")
		if n := w.events(row.ID, audit.RecoveryCodesMade); n != 2 {
			t.Errorf("%d events", n)
		}
	})
}

func TestPhone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const number = "+49305550112"
		row := w.user(email, password)
		b := w.browser().signIn(row)
		b.get(pathPhone).want(http.StatusSeeOther)
		b.follow().asks("phone")
		b.submit("", "phone", "030").want(http.StatusUnprocessableEntity).says("doesn’t look like a mobile number")
		b.submit("", "phone", "+49 30 555 0112").want(http.StatusSeeOther)
		b.follow().asks("code").says(number)
		code := w.codeTo(number, delivery.SignInCode)
		b.submit("", "code", another(code)).want(http.StatusUnprocessableEntity)
		w.wantKinds(row.ID, "password")
		b.submit("", "code", code).leads(page.PathSecurity)
		b.follow().says("Your mobile number is confirmed.").says("••• ••12").without(number)
		w.wantKinds(row.ID, "password sms")
		person, err := w.Users.Person(t.Context(), row.ID)
		w.must(err)
		if person.Phone != number || !person.PhoneVerified || person.Version != 2 {
			t.Errorf("person %+v of version %d", person, person.Version)
		}

		// A family shares a phone: it is a factor of both, and the claim of the first.
		other := w.browser().signIn(w.user("other@example.com", password))
		w.clock.Advance(time.Minute)
		other.get(pathPhone).follow().submit("", "phone", number).follow()
		other.submit("", "code", w.codeNo(2, number, delivery.SignInCode)).leads(page.PathSecurity)
		w.wantKinds(other.session().UserID, "password sms")
		if person, err = w.Users.Person(t.Context(), other.session().UserID); err != nil || person.Phone != "" {
			t.Errorf("phone of the second %q, %v", person.Phone, err)
		}

		b.get(page.PathSecurity).submit("/phone/remove").leads(page.PathSecurity)
		w.wantKinds(row.ID, "password")
		if person, err = w.Users.Person(t.Context(), row.ID); err != nil || person.Phone != "" {
			t.Errorf("phone after it was removed %q, %v", person.Phone, err)
		}
	})
}

func TestPhoneIsNotOfferedWithoutAGateway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.SMS = false
		b := w.browser().signIn(w.user(email, password))
		b.get(page.PathSecurity).without(pathPhone)
		b.get(pathPhone).follow().want(http.StatusNotFound)
	})
}

func TestEmailCodes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		row := w.user(email, password)
		b := w.browser().signIn(row)
		b.get(page.PathSecurity).submit("/email/on").leads(page.PathSecurity)
		b.follow().says("Codes by e-mail are on.")
		b.post(pathEmailOn).leads(page.PathSecurity)
		w.wantKinds(row.ID, "email password")
		b.get(page.PathSecurity).submit("/email/off").leads(page.PathSecurity)
		b.follow().says("Removed.")
		w.wantKinds(row.ID, "password")
		if n := w.events(row.ID, audit.FactorAdded); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

func TestResend(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser().signIn(w.user(email, password))
		b.get(pathEmail).follow().submit("", "email", "new@example.com").follow().asks("code").says("after 30 seconds")
		first := w.codeTo("new@example.com", delivery.VerifyEmail)
		b.submit("/resend").want(http.StatusOK).without("A new code is on its way.")
		w.clock.Advance(31 * time.Second)
		b.submit("/resend").want(http.StatusOK).says("A new code is on its way.")
		second := w.codeNo(2, "new@example.com", delivery.VerifyEmail)
		b.submit("", "code", first).want(http.StatusUnprocessableEntity)
		b.submit("", "code", second).leads(page.PathAccount)
	})
}

func TestOneUserCannotTouchAnothers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, theirs := w.user(email, password), w.user("other@example.com", password)
		b, other := w.browser().signIn(mine), w.browser().signIn(theirs)
		other.enroll()
		// A change of somebody else's, and of another session of one's own.
		other.get(pathEmail).want(http.StatusSeeOther)
		change := other.header.Get("Location")
		second := w.browser().signIn(theirs)
		for _, stranger := range []*browser{b, second} {
			stranger.get(change).leads(page.PathSecurity)
			stranger.post(change, "email", "evil@example.com").leads(page.PathSecurity)
			stranger.post(change+"/method", "method", "totp").leads(page.PathSecurity)
			stranger.post(change + "/resend").leads(page.PathSecurity)
		}
		other.get(change).asks("email")
		// A session of somebody else's.
		id := other.session().ID
		b.post(page.PathSessions+"/"+id+"/end", "confirm", "yes").want(http.StatusNotFound)
		b.post(page.PathSessions + "/" + id + "/end").want(http.StatusNotFound)
		b.post(pathOthers, "confirm", "yes").leads(page.PathSessions)
		if w.status(id) != storage.StatusActive {
			t.Errorf("session of another user is %s", w.status(id))
		}
		b.post(pathTOTPRemove).leads(page.PathSecurity)
		w.wantKinds(theirs.ID, "password totp")
		b.get(page.PathSessions).without(id)
	})
}
