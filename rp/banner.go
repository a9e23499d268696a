package rp

import (
	"bytes"
	"context"
	"html/template"
	"net/url"
	"strings"
)

// stopPath is where curfew lets the person who acts stop; other providers have none.
const stopPath = "/impersonate/stop"

// bannerMarkup has no style of its own, so that a strict Content-Security-Policy lets it pass: the classes are the
// application's to style. As a labelled section it is a landmark wherever it stands.
var bannerMarkup = template.Must(template.New("banner").Parse(`<section class="curfew-banner" aria-label="Acting for somebody else">` +
	`<p class="curfew-banner-text">You see this as <b>{{.User}}</b>. Acting: <b>{{.Actor}}</b>.</p>` +
	`{{with .Stop}} <a class="curfew-banner-stop" href="{{.}}" rel="noreferrer">Stop</a>{{end}}</section>`))

// Banner returns what a page has to show while somebody acts in the place of the user whom Require, Identify or Bearer found
// (Identity.Actor): who sees the page as whom, and a link to where they can stop. Otherwise it is empty, so it can stand in
// every template, best first in the body:
//
//	{{.Banner}}
//
// Its classes are curfew-banner, curfew-banner-text and curfew-banner-stop. It speaks English; whoever wants other words
// builds their own from Identity.Actor and Identity.StopURL.
func Banner(ctx context.Context) template.HTML {
	id, ok := FromContext(ctx)
	if !ok || id.Actor == nil {
		return ""
	}
	var b bytes.Buffer
	err := bannerMarkup.Execute(&b, map[string]string{"User": id.name(), "Actor": id.actorName(), "Stop": id.StopURL()})
	if err != nil { // strings only: cannot fail
		return ""
	}
	return template.HTML(b.String())
}

// StopURL is where whoever acts for the user can stop, a page at the provider that asks once; empty if nobody acts.
func (id *Identity) StopURL() string {
	issuer := id.Claims.String("iss")
	if id.Actor == nil || issuer == "" {
		return ""
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return strings.TrimSuffix(issuer, "/") + stopPath
}

// name is the user as people know them, as far as the claims say.
func (id *Identity) name() string {
	name, email := id.Claims.String("name"), id.Claims.String("email")
	switch {
	case name != "" && email != "" && name != email:
		return name + " (" + email + ")"
	case name != "":
		return name
	case email != "":
		return email
	}
	return id.Subject
}

// actorName is who acts: by name where act has one, which is no claim of its own in RFC 8693, else by sub.
func (id *Identity) actorName() string {
	if act, ok := id.Claims["act"].(map[string]any); ok {
		for _, name := range []string{"name", "email"} {
			if s := Claims(act).String(name); s != "" {
				return s
			}
		}
	}
	return id.Actor.Subject
}
