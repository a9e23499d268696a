package pagetest

import "github.com/curfew-id/curfew/ui/page"

func errorSamples() []Sample {
	status := map[page.ErrorKind]int{
		page.ErrorBadRequest: 400, page.ErrorClient: 400, page.ErrorExpired: 410, page.ErrorBrowser: 400, page.ErrorForbidden: 403,
		page.ErrorImpersonated: 403,
		page.ErrorNotFound:     404, page.ErrorMethod: 405, page.ErrorTooMany: 429, page.ErrorInternal: 500, page.ErrorUnavailable: 503,
		page.ErrorActingUnknown: 404, page.ErrorActingUsed: 410, page.ErrorActingExpired: 410, page.ErrorActingRevoked: 410,
		page.ErrorActingOther: 403, page.ErrorActingNested: 409, page.ErrorActingWaiting: 403, page.ErrorActingRefused: 403,
	}
	var all []Sample
	for _, kind := range page.ErrorKinds() {
		e := page.Error{Kind: kind, RequestID: "req_0199d2f1c0de7000a000000000000001"}
		switch kind {
		case page.ErrorClient:
			e.Code, e.Detail = "invalid_request", "The redirect_uri is not registered for this client."
		case page.ErrorExpired:
			e.Back = page.Link{URL: "/signin", Label: page.StartOver}
		case page.ErrorNotFound:
			e.Back = page.Link{URL: "/", Label: page.BackHome}
		case page.ErrorTooMany:
			e.RetryAfter = 30
			e.Back = page.Link{URL: "/signin", Label: page.BackToSignIn}
		case page.ErrorActingOther:
			e.Back = page.Link{URL: "/signin", Label: page.OtherAccount}
		case page.ErrorActingWaiting:
			e.Back = page.Link{URL: "/impersonate", Label: page.LookAgain}
		case page.ErrorActingNested:
			e.Acting = sampleActing
		case page.ErrorUnavailable:
			e.RetryAfter = 1
		}
		all = append(all, Sample{Name: "error-" + string(kind), Status: status[kind], Page: e})
	}
	return all
}
