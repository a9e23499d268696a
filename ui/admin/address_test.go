package admin

import (
	"net/http"
	"testing"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/ui/page"
)

// An address that is no text, or a filter that two readers would read differently, is refused before any database sees it.
func TestAddressesThatAreNoText(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.signIn(w.person("owner@example.com", actor.RoleOwner, ""))
		for _, not := range []string{"%00", "a%00b", "%ff", "%ed%a0%80"} {
			for _, list := range []string{page.PathAdminUsers + "?q=", page.PathAdminUsers + "?after=", page.PathAdminUsers + "?role=",
				page.PathAdminUsers + "?status=", page.PathAdminSessions + "?q=", page.PathAdminSessions + "?after=", page.PathAdminApps + "?after=",
				page.PathAdminAudit + "?q=", page.PathAdminAudit + "?kind=", page.PathAdminAudit + "?after=", page.PathAdminAudit + "?session=",
				page.PathAdminTemplates + "?after=", page.PathAdminWebhooks + "?after=", page.PathAdminAPIKeys + "?after="} {
				b.get(list+not).want(http.StatusBadRequest).has("h1", "")
			}
			for _, one := range []string{page.PathAdminUsers, page.PathAdminSessions, page.PathAdminApps, page.PathAdminTemplates,
				page.PathAdminWebhooks, page.PathAdminAPIKeys, page.PathAdminAudit} {
				b.get(one+"/"+not).want(http.StatusNotFound).has("h1", "")
				b.get(one+"/x/"+not).want(http.StatusNotFound).has("h1", "")
			}
		}
		for _, query := range []string{"q=%zz", "q=a;status=active", "status=disabled&status=active"} {
			b.get(page.PathAdminUsers + "?" + query).want(http.StatusBadRequest)
		}
	})
}
