package pagetest

import (
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

func sampleStacks() page.AdminAppStacks {
	p := page.AdminAppStacks{Console: console(page.PathAdminApps), CancelURL: page.PathAdminApps}
	for _, name := range page.StackNames() {
		p.Stacks = append(p.Stacks, page.Stack{Name: name, URL: "/admin/new-application?stack=" + name})
	}
	return p
}

func sampleSetup(stack string, faults page.Errors) page.AdminAppSetup {
	return page.AdminAppSetup{Console: console(page.PathAdminApps), Form: page.Form{Action: "/admin/new-application", Errors: faults}, Stack: stack, Name: sampleApp,
		Redirects: "http://127.0.0.1:8091/auth/callback", Scope: "openid profile email", Auth: "client_secret_basic", CancelURL: "/admin/new-application"}
}

func sampleAppForm(faults page.Errors) page.AdminAppForm {
	return page.AdminAppForm{Console: console(page.PathAdminApps), Form: page.Form{Action: "/admin/applications/1/edit", Errors: faults}, ID: "cli_1", Kind: "web", Name: sampleApp,
		Redirects: "https://notes.example.com/auth/callback", PostRedirects: "https://notes.example.com/", Backchannel: "https://notes.example.com/auth/backchannel-logout",
		Scope: "openid profile email", SkipConsent: true, Auth: "client_secret_basic", Grants: []string{"authorization_code", "refresh_token"}, Alg: "ES256",
		Lifetime: "3600", BackchannelSession: true, Version: 3, CancelURL: "/admin/applications/1"}
}

func sampleApplication(rows []page.AdminSessionRow) page.AdminApp {
	return page.AdminApp{Console: console(page.PathAdminApps), ID: "cli_1", Name: sampleApp, Kind: "web", Redirects: []string{"https://notes.example.com/auth/callback"},
		PostRedirects: []string{"https://notes.example.com/"}, Grants: []string{"authorization_code", "refresh_token"}, Backchannel: "https://notes.example.com/auth/backchannel-logout",
		Scope: "openid", Auth: "client_secret_basic", UpdatedAt: sampleTime, Use: page.AppUse{Sessions: 1204, More: true, LastUsedAt: sampleTime.Add(-time.Minute), Rows: rows},
		Health:      page.AppHealth{Delivered: 188, Failed: 3, Waiting: 1, P50: 42 * time.Millisecond, LastError: "timeout", LastAt: sampleTime.Add(-time.Hour)},
		TemplateURL: "/admin/template?kind=client&name=cli_1", Stack: "go", Stacks: []page.Stack{{Name: "go", URL: "?stack=go", Current: true}, {Name: "node", URL: "?stack=node"}, {Name: "oidc", URL: "?stack=oidc"}},
		Program: page.Program{Install: "go mod init hello\ngo get example.com/x", Run: "CLIENT_SECRET='the client secret' go run .", Files: []page.ProgramFile{{Name: "main.go", Code: "package main\n\nfunc main() {}\n"}}},
		EditURL: "/admin/applications/1/edit", SecretAction: "/admin/applications/1/secret", EndAction: "/admin/applications/1/end", DeleteAction: "/admin/applications/1/delete"}
}

func sampleNewApp() page.AdminApp {
	p := sampleApplication(nil)
	p.New, p.Secret, p.Stack = true, "3b1f0c7e2a", "browser"
	p.Program = page.Program{Run: "python3 -m http.server --bind '127.0.0.1' 8000", Files: []page.ProgramFile{{Name: "app.js", Code: "import x from \"./x.js\";\n"}, {Name: "index.html", Code: "<!doctype html>\n"}}}
	return p
}
