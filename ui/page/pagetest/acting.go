package pagetest

import (
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

var (
	sampleActor  = page.Who{Name: "Sam Support", Email: "support@example.com"}
	sampleActing = &page.Acting{User: sampleWho, Actor: sampleActor, EndsAt: sampleTime.Add(25 * time.Minute), StopAction: page.PathActingStop}
)

// actingSamples are the pages of an impersonation, and of every shell one as somebody sees it who impersonates.
func actingSamples() []Sample {
	ask := page.Impersonate{Form: page.Form{Action: "/impersonate"}, User: sampleWho, Actor: sampleActor, Minutes: 30, Until: sampleTime,
		Reason: "The invoice of March is missing from the list", Ticket: "act_1.secret", CancelURL: page.PathAccount}
	bare := ask
	bare.User.Name, bare.Actor.Name, bare.Reason, bare.Minutes = "", "", "", 1
	samples := []Sample{
		ok("impersonate", ask),
		ok("impersonate-bare", bare),
		ok("impersonate_stop", page.ImpersonateStop{Base: page.Base{Acting: sampleActing}, Form: page.Form{Action: page.PathActingStop},
			User: sampleWho, CancelURL: page.PathAccount}),
		ok("impersonate_stopped", page.ImpersonateStopped{Base: page.Base{Frames: sampleFrames}, User: sampleWho, Actor: sampleActor,
			ContinueURL: page.PathAccount}),
	}
	for _, s := range append(append(accountSamples(), securitySamples()...), devSamples()...) {
		switch p := s.Page.(type) {
		case page.AccountProfile:
			p.Acting = sampleActing
			s.Page = p
		case page.AccountSecurity:
			p.Acting = sampleActing
			s.Page = p
		case page.AccountApps:
			p.Acting = sampleActing
			s.Page = p
		case page.AccountSessions:
			p.Acting = sampleActing
			s.Page = p
		case page.Home:
			p.Acting = sampleActing
			s.Page = p
		default:
			continue
		}
		samples = append(samples, Sample{Name: s.Name + "-acting", Status: s.Status, Page: s.Page})
	}
	return append(samples, ok("sign_out_confirm-acting", page.SignOutConfirm{Base: page.Base{Acting: sampleActing},
		Form: page.Form{Action: "/oauth/logout"}, App: sampleApp, Who: sampleWho}))
}
