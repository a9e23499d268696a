package pagetest

import (
	"net/http"
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

// Sample is a page with everything in it, or with one thing missing.
type Sample struct {
	Name   string // the template's name and what is special: "password-wrong"
	Status int
	Page   page.Page
}

// Samples returns at least one sample of every page. The tests render them all in
// every language, and they are what one looks at when the look changes.
func Samples() []Sample {
	var all []Sample
	for _, some := range [][]Sample{
		signInSamples(), codeSamples(), consentSamples(), signUpSamples(), errorSamples(),
		accountSamples(), securitySamples(), devSamples(), actingSamples(), adminSamples(), auditSamples(),
	} {
		all = append(all, some...)
	}
	return all
}

// What the samples have in common.
const (
	sampleFlow  = "/signin/flw_0199d2f1c0de7000a000000000000001"
	sampleEmail = "user@example.com"
	sampleApp   = "Example Notes"
)

var sampleFrames = []string{"https://notes.example.com/front?iss=http%3A%2F%2Flocalhost%3A8080&sid=ses_1"}

var sampleTime = time.Date(2026, 3, 12, 14, 5, 0, 0, time.UTC)

var sampleWho = page.Who{Name: "Sample User", Email: sampleEmail}

func ok(name string, p page.Page) Sample { return Sample{Name: name, Status: http.StatusOK, Page: p} }

func refused(name string, p page.Page) Sample {
	return Sample{Name: name, Status: http.StatusUnprocessableEntity, Page: p}
}

func sampleWays(methods ...page.Method) []page.Alternative {
	hints := map[page.Method]string{page.MethodEmailCode: "u•••@example.com", page.MethodSMSCode: "••• ••12"}
	var list []page.Alternative
	for _, m := range methods {
		list = append(list, page.Alternative{Method: m, Action: sampleFlow + "/method", Hint: hints[m]})
	}
	return list
}
