package admin

import (
	"github.com/curfew-id/curfew/ui/page"
)

// confirmed reads the form of an act that destroys and tells whether the second click came; otherwise ask was shown.
func (v *visit) confirmed(section string, ask func() (page.AdminConfirm, error)) (bool, error) {
	form, err := v.form()
	if err != nil {
		return false, err
	}
	if form.Get("confirm") == "yes" {
		return true, nil
	}
	p, err := ask()
	if err != nil {
		return false, err
	}
	p.Console, p.Action = v.console(section), v.r.URL.RequestURI()
	return false, v.show(p, nil)
}
