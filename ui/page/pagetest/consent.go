package pagetest

import "github.com/curfew-id/curfew/ui/page"

var sampleClient = page.Client{
	Name: sampleApp, URI: "https://notes.example.com", PolicyURL: "https://notes.example.com/privacy",
	TermsURL: "https://notes.example.com/terms",
}

func consentSamples() []Sample {
	consent := page.Consent{
		Form: page.Form{Action: sampleFlow + "/consent"}, Client: sampleClient, Who: sampleWho,
		SwitchURL: sampleFlow + "/accounts",
		Scopes: []page.Scope{
			{Name: "openid", Granted: true}, {Name: "profile"}, {Name: "email"}, {Name: "phone"}, {Name: "address"},
			{Name: "offline_access"}, {Name: "notes.write", Description: "Write notes for you"}, {Name: "notes.share"},
		},
	}
	short := consent
	short.Client = page.Client{Name: sampleApp, PolicyURL: "https://notes.example.com/privacy", LogoURL: "/static/dial.svg"}
	short.Scopes = []page.Scope{{Name: "openid"}, {Name: "email"}}
	terms := short
	terms.Client = page.Client{Name: `Bold <b>&amp; "quoted"`, TermsURL: "https://notes.example.com/terms"}
	return []Sample{
		ok("consent", consent),
		ok("consent-short", short),
		ok("consent-terms", terms),
		ok("return", page.Return{URL: "https://notes.example.com/cb?code=abc&state=x%3By&iss=http%3A%2F%2Flocalhost%3A8080", App: sampleApp}),
		ok("return-native", page.Return{URL: "com.example.notes:/cb?code=abc&state=1"}),
		ok("form_post", page.FormPost{Action: "https://notes.example.com/cb", App: sampleApp, Params: []page.Param{{Name: "code", Value: "abc"}, {Name: "state", Value: `"><x>`}}}),
		ok("form_post-bare", page.FormPost{Action: "http://127.0.0.1:8090/cb"}),
		ok("sign_out_confirm", page.SignOutConfirm{Form: page.Form{Action: "/oauth/logout"}, App: sampleApp, Who: sampleWho}),
		ok("sign_out_confirm-bare", page.SignOutConfirm{Form: page.Form{Action: "/oauth/logout"}, Who: sampleWho}),
		ok("signed_out", page.SignedOut{SignInURL: "/account"}),
		ok("signed_out-continue", page.SignedOut{
			App: sampleApp, ContinueURL: "https://notes.example.com/bye?state=1", Continue: true, SignInURL: "/account",
			Base: page.Base{Frames: sampleFrames},
		}),
		ok("signed_out-everywhere", page.SignedOut{Everywhere: true, SignInURL: "/account"}),
		ok("signed_out-plain", page.SignedOut{ContinueURL: "https://notes.example.com/bye"}),
	}
}
