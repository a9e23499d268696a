package account

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/ui/page"
)

// Paths below those that package page names.
const (
	pathSignIn  = "/signin?goal=account"
	pathSignOut = page.PathAccount + "/sign-out"
	pathEmail   = page.PathAccount + "/email"
	pathChange  = page.PathAccount + "/change/" // and the id of one

	pathPassword    = page.PathSecurity + "/password"
	pathTOTP        = page.PathSecurity + "/totp"
	pathTOTPRemove  = page.PathSecurity + "/totp/remove"
	pathPhone       = page.PathSecurity + "/phone"
	pathPhoneRemove = page.PathSecurity + "/phone/remove"
	pathEmailOn     = page.PathSecurity + "/email/on"
	pathEmailOff    = page.PathSecurity + "/email/off"
	pathRecovery    = page.PathSecurity + "/recovery"

	pathOthers = page.PathSessions + "/others"
	pathAll    = page.PathSessions + "/all"

	// For the script of pages that stand open.
	pathLive         = page.PathAccount + "/live"
	pathLiveSessions = page.PathSessions + "/live"
)

// Routes adds the pages to mux. Every path answers every method, the ones it does not know with a page.
func (h *Handlers) Routes(mux *http.ServeMux) {
	mux.Handle("/{$}", h.guard(http.HandlerFunc(h.home)))

	h.handle(mux, page.PathAccount, methods{"GET": h.showProfile, "POST": h.saveProfile})
	h.handle(mux, pathSignOut, methods{"POST": h.signOut})
	h.handle(mux, pathEmail, methods{"GET": own(h.begin(actEmail))})

	h.handle(mux, page.PathSecurity, methods{"GET": h.showSecurity})
	h.handle(mux, pathPassword, methods{"POST": h.savePassword})
	h.handle(mux, pathTOTP, methods{"GET": own(h.begin(actTOTP))})
	h.handle(mux, page.PathConsoleFactor, methods{"GET": own(h.beginConsole)})
	h.handle(mux, pathTOTPRemove, methods{"POST": h.begin(actTOTPRemove)})
	h.handle(mux, pathPhone, methods{"GET": own(h.begin(actPhone))})
	h.handle(mux, pathPhoneRemove, methods{"POST": h.begin(actPhoneRemove)})
	h.handle(mux, pathEmailOn, methods{"POST": h.begin(actEmailOn)})
	h.handle(mux, pathEmailOff, methods{"POST": h.begin(actEmailOff)})
	h.handle(mux, pathRecovery, methods{"POST": h.begin(actRecovery)})

	h.handle(mux, pathChange+"{change}", methods{"GET": own(h.showChange), "POST": h.answerChange})
	h.handle(mux, pathChange+"{change}/method", methods{"POST": h.chooseMethod})
	h.handle(mux, pathChange+"{change}/resend", methods{"POST": h.resend})

	h.handle(mux, page.PathApps, methods{"GET": h.showApps})
	h.handle(mux, page.PathApps+"/{client}/withdraw", methods{"POST": h.withdraw})

	h.handle(mux, page.PathHistory, methods{"GET": h.showHistory})

	h.handle(mux, page.PathSessions, methods{"GET": h.showSessions})
	h.handle(mux, page.PathSessions+"/{session}/ended", methods{"GET": h.showEnded})
	h.handle(mux, page.PathSessions+"/{session}/end", methods{"POST": h.endSession})
	h.handle(mux, pathOthers, methods{"POST": h.endOthers})
	h.handle(mux, pathAll, methods{"POST": h.endAll})
	mux.Handle("GET "+pathLive, h.guard(h.watching(h.live)))
	mux.Handle("GET "+pathLiveSessions, h.guard(h.watching(h.showSessions)))

	mux.Handle(page.PathAccount+"/", h.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.fail(w, r, errNotFound)
	})))
}

// methods are the handlers of a path.
type methods map[string]func(*visit) error

func (h *Handlers) handle(mux *http.ServeMux, pattern string, by methods) {
	allow := slices.Sorted(maps.Keys(by))
	for method, fn := range by {
		if method == "POST" && pattern != pathSignOut {
			fn = own(fn)
		}
		mux.Handle(method+" "+pattern, h.guard(h.signedIn(fn)))
	}
	mux.Handle(pattern, h.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		h.fail(w, r, errMethod)
	})))
}

// own refuses whoever impersonates the user: they see the account and change nothing of it.
func own(next func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		if v.current.Impersonated() {
			return errNotOwn
		}
		return next(v)
	}
}

// guard refuses what another site makes a browser post (RFC 9700 2.6, cross-site request forgery).
func (h *Handlers) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.sameOrigin.Check(r); err != nil {
			h.fail(w, r, errForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
