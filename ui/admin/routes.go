package admin

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/ui/page"
)

// Paths below those that package page names.
const (
	pathSignIn  = "/signin?goal=admin"
	pathSignOut = "/account/sign-out"
	pathEvents  = page.PathAdmin + "/events"
	pathUser    = page.PathAdminUsers + "/{user}"
	pathSession = page.PathAdminSessions + "/{session}"
	pathAllEnd  = page.PathAdmin + "/end-all"
	pathNewApp  = page.PathAdmin + "/new-application"
	pathApp     = page.PathAdminApps + "/{app}"
)

// route is one page or act with the right that it needs.
type route struct {
	method, path string
	right        Right
	do           func(*visit) error
}

func (h *Handlers) table() []route {
	return []route{
		{"GET", page.PathAdmin, See, h.overview},

		{"GET", page.PathAdminUsers, UsersRead, h.listUsers},
		{"GET", pathNewUser, UsersWrite, h.newUser},
		{"POST", pathNewUser, UsersWrite, h.createUser},
		{"GET", pathUser, UsersRead, h.showUser},
		{"GET", pathUser + "/edit", UsersWrite, h.editUser},
		{"POST", pathUser + "/edit", UsersWrite, h.saveUser},
		{"POST", pathUser + "/invite", UsersWrite, h.inviteUser},
		{"POST", pathUser + "/disable", UsersWrite, h.disableUser},
		{"POST", pathUser + "/enable", UsersWrite, h.enableUser},
		{"POST", pathUser + "/reset", UsersWrite, h.resetPassword},
		{"POST", pathUser + "/factors/{factor}/remove", UsersWrite, h.removeFactor},
		{"POST", pathUser + "/metadata", UsersWrite, h.saveMetadata},
		{"POST", pathUser + "/role", UsersRole, h.changeRole},
		{"POST", pathUser + "/impersonate", UsersImpersonate, h.impersonate},
		{"POST", pathUser + "/end", SessionsEnd, h.endUser},
		{"GET", pathUser + "/delete", UsersWrite, h.askDeleteUser},
		{"POST", pathUser + "/delete", UsersWrite, h.deleteUser},

		{"GET", page.PathAdminSessions, SessionsRead, h.listSessions},
		{"GET", pathSession, SessionsRead, h.showSession},
		{"POST", pathSession + "/end", SessionsEnd, h.endSession},
		{"POST", pathAllEnd, SessionsEndAll, h.endAll},

		{"GET", page.PathAdminApps, ApplicationsRead, h.listApps},
		{"GET", pathNewApp, ApplicationsWrite, h.newApp},
		{"POST", pathNewApp, ApplicationsWrite, h.createApp},
		{"GET", pathApp, ApplicationsRead, h.seeApp},
		{"GET", pathApp + "/edit", ApplicationsWrite, h.editApp},
		{"POST", pathApp + "/edit", ApplicationsWrite, h.saveApp},
		{"POST", pathApp + "/secret", ApplicationsWrite, h.rotateSecret},
		{"POST", pathApp + "/end", ApplicationsWrite, h.endApp},
		{"POST", pathApp + "/delete", ApplicationsWrite, h.deleteApp},

		{"GET", page.PathAdminTemplates, TemplatesRead, h.listTemplates},
		{"GET", pathTemplate, TemplatesRead, h.showTemplate},
		{"POST", pathTemplate, TemplatesWrite, h.saveTemplate},
		{"POST", pathTemplateNo, TemplatesWrite, h.deleteTemplate},

		{"GET", page.PathAdminKeys, KeysRead, h.listKeys},
		{"POST", page.PathAdminKeys + "/rotate", KeysWrite, h.rotateKeys},

		{"GET", page.PathAdminPolicies, PoliciesRead, h.showPolicies},
		{"POST", page.PathAdminPolicies, PoliciesWrite, h.savePolicy},

		{"GET", page.PathAdminWebhooks, WebhooksRead, h.listHooks},
		{"GET", pathNewHook, WebhooksWrite, h.newHook},
		{"POST", pathNewHook, WebhooksWrite, h.createHook},
		{"GET", pathHook, WebhooksRead, h.showHook},
		{"GET", pathHook + "/edit", WebhooksWrite, h.editHook},
		{"POST", pathHook + "/edit", WebhooksWrite, h.saveHook},
		{"GET", pathHook + "/secret", WebhooksWrite, h.askHookSecret},
		{"POST", pathHook + "/secret", WebhooksWrite, h.rotateHook},
		{"POST", pathHook + "/test", WebhooksWrite, h.testHook},
		{"POST", pathHook + "/enable", WebhooksWrite, h.enableHook},
		{"POST", pathHook + "/delete", WebhooksWrite, h.deleteHook},
		{"GET", pathDelivery, WebhooksRead, h.showDelivery},
		{"POST", pathDelivery + "/resend", WebhooksWrite, h.resendHook},

		{"GET", page.PathAdminAPIKeys, APIKeysRead, h.listAPIKeys},
		{"GET", pathNewAPIKey, APIKeysWrite, h.newAPIKey},
		{"POST", pathNewAPIKey, APIKeysWrite, h.createAPIKey},
		{"POST", pathAPIKey + "/revoke", APIKeysWrite, h.revokeAPIKey},

		{"GET", page.PathAdminAudit, AuditRead, h.listEvents},
		{"GET", pathEvent, AuditRead, h.showEvent},
		{"GET", pathVerify, AuditRead, h.showVerification},
		{"POST", pathVerify, AuditRead, h.verifyAudit},
	}
}

// Patterns returns the route table as http.ServeMux has it, such as "GET /admin/users/{user}", for tests of the whole: no page
// can be added and forgotten.
func Patterns() (list []string) {
	for _, r := range new(Handlers).table() {
		list = append(list, r.method+" "+r.path)
	}
	return list
}

// Routes adds the pages to mux. Every path answers every method, the ones it does not know with a page.
func (h *Handlers) Routes(mux *http.ServeMux) {
	allow := map[string][]string{}
	rights := map[string]map[Right]bool{}
	for _, r := range h.table() {
		mux.Handle(r.method+" "+r.path, h.guard(h.admitted(r)))
		allow[r.path] = append(allow[r.path], r.method)
		if rights[r.path] == nil {
			rights[r.path] = map[Right]bool{}
		}
		rights[r.path][r.right] = true
	}
	for path, methods := range allow {
		slices.Sort(methods)
		right := slices.Sorted(maps.Keys(rights[path]))[0]
		mux.Handle(path, h.guard(h.admitted(route{right: right, do: func(v *visit) error {
			v.w.Header().Set("Allow", strings.Join(methods, ", "))
			return errMethod
		}})))
	}
	if h.Push != nil {
		mux.Handle("GET "+pathEvents, h.guard(http.HandlerFunc(h.events)))
	}
	mux.Handle(page.PathAdmin+"/", h.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.fail(w, r, errNotFound)
	})))
}

// guard refuses what another site makes a browser post (RFC 9700 2.6, cross-site request forgery), and an address that is no text.
func (h *Handlers) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.sameOrigin.Check(r); err != nil {
			h.fail(w, r, errForbidden)
			return
		}
		// Beside what is no text at all: a filter that is sent twice, or that cannot be read, would be lost without a word.
		if _, err := httpx.ParseQuery(r.URL.RawQuery); err != nil {
			h.fail(w, r, err)
			return
		}
		if strings.ContainsRune(r.URL.Path, 0) || !utf8.ValidString(r.URL.Path) { // no database takes it for text
			h.fail(w, r, errNotFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}
