package signin

import (
	"net/http"
	"net/url"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/ui/page"
)

// Paths that the pages lead to.
const (
	pathSignIn  = "/signin/"
	pathSignUp  = "/signup/"
	pathReset   = "/reset"
	pathAccount = page.PathAccount
	pathAdmin   = "/admin"
)

// Routes adds every page of a sign-in to mux.
func (h *Handlers) Routes(mux *http.ServeMux) {
	protect := http.NewCrossOriginProtection()
	if u, err := url.Parse(h.Issuer); err == nil {
		// A proxy may hand on another Host than the browser's; the issuer's origin is ours in any case.
		if err := protect.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			h.Log.Error("issuer is not an origin", "error", err)
		}
	}
	protect.SetDenyHandler(http.HandlerFunc(h.forbidden))
	handle := func(pattern string, fn http.HandlerFunc) { mux.Handle(pattern, protect.Handler(fn)) }

	handle("GET /signin", h.begin)
	handle("GET /signin/{flow}", h.view(h.step))
	handle("GET /signin/{flow}/identify", h.view(h.identifierPage))
	handle("GET /signin/{flow}/choose", h.view(h.accountsPage))
	handle("GET /signin/{flow}/{step}", h.backToFlow) // somebody reloads an answer that was refused

	handle("POST /signin/{flow}/identify", h.answer(h.identify, h.identifierPage))
	handle("POST /signin/{flow}/password", h.answer(h.password, h.passwordPage))
	handle("POST /signin/{flow}/method", h.answer(h.method, h.again))
	handle("POST /signin/{flow}/code", h.answer(h.code, h.again))
	handle("POST /signin/{flow}/resend", h.answer(h.resend, h.again))
	handle("POST /signin/{flow}/totp", h.answer(h.totp, h.again))
	handle("POST /signin/{flow}/recovery", h.answer(h.recovery, h.again))
	handle("POST /signin/{flow}/choose", h.answer(h.choose, h.accountsPage))
	handle("POST /signin/{flow}/forget", h.answer(h.forget, h.accountsPage))
	handle("POST /signin/{flow}/consent", h.answer(h.decide, h.again))
	handle("POST /signin/{flow}/restart", h.answer(h.restart, h.again))

	handle("GET /signup", h.beginSignUp)
	handle("GET /signup/{flow}", h.view(h.signUpPage))
	handle("POST /signup/{flow}", h.answer(h.signUp, h.signUpPage))

	handle("GET /reset", h.resetRequest)
	handle("POST /reset", h.requestReset)
	handle("GET /reset/{token}", h.resetForm)
	handle("POST /reset/{token}", h.reset)

	for _, rest := range []string{"/signin", pathSignIn, "/signup", pathSignUp, pathReset, pathReset + "/"} {
		handle(rest, h.nothingHere)
	}
}

func flowURL(flowID string) string { return pathSignIn + flowID }

func (h *Handlers) backToFlow(w http.ResponseWriter, r *http.Request) {
	flowID := r.PathValue("flow")
	if _, err := id.Bytes(id.AuthRequest, flowID); err != nil {
		h.nothingHere(w, r)
		return
	}
	seeOther(w, r, flowURL(flowID))
}

func seeOther(w http.ResponseWriter, r *http.Request, path string) {
	httpx.NoStore(w.Header())
	http.Redirect(w, r, path, http.StatusSeeOther)
}
