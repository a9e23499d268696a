package signin

import (
	"maps"
	"slices"

	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/ui/page"
)

// done ends the flow and sends the browser on. To a client it is a page with status 200 that leads there, not a redirect:
// the request came by redirect from a form of ours, and browsers apply that form's Content-Security-Policy form-action
// to every redirect that follows, so that the click would do nothing at all.
func (h *Handlers) done(v *visit) (page.Page, error) {
	a, err := h.Flows.Finish(v.ctx, v.flow, v.current)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Goal == authflow.GoalAdmin:
		seeOther(v.w, v.r, pathAdmin)
		return nil, nil
	case a.Goal == authflow.GoalImpersonate:
		seeOther(v.w, v.r, actor.Path)
		return nil, nil
	case a.Goal != "":
		seeOther(v.w, v.r, pathAccount)
		return nil, nil
	case a.Mode == authflow.ModeFormPost:
		p := page.FormPost{Base: v.base(), Action: a.RedirectURI, App: v.app()}
		for _, name := range slices.Sorted(maps.Keys(a.Values)) {
			for _, value := range a.Values[name] {
				p.Params = append(p.Params, page.Param{Name: name, Value: value})
			}
		}
		return p, nil
	}
	return page.Return{Base: v.base(), URL: a.URL(), App: v.app()}, nil
}
