package signin

import (
	"github.com/curfew-id/curfew/ui/ended"
	"github.com/curfew-id/curfew/ui/page"
)

// welcome is the base of the pages that a sign-in may begin with: they say why somebody who was signed in is asked again.
func (h *Handlers) welcome(v *visit) (page.Base, error) {
	b := v.base()
	if v.current != nil || v.form != nil {
		return b, nil
	}
	err := ended.Notices{Issuer: h.Issuer, Sessions: h.Sessions, Door: h.Door}.Take(v.r, &b)
	return b, err
}
