package admin

import (
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/ui/page"
)

func (h *Handlers) listKeys(v *visit) error {
	rows, err := h.Store.SigningKeys(v.r.Context())
	if err != nil {
		return err
	}
	p := page.AdminKeys{Console: v.console(page.PathAdminKeys)}
	if v.may(KeysWrite) {
		p.RotateAction = page.PathAdminKeys + "/rotate"
	}
	signs := map[string]string{} // by algorithm, who became active last
	for _, k := range rows {
		if !k.ActiveAt.After(p.Now) && !(k.RetiredAt.Set() && !k.RetiredAt.After(p.Now)) {
			signs[k.Alg] = k.ID
		}
	}
	for _, k := range rows {
		p.Keys = append(p.Keys, page.KeyRow{ID: k.ID, Alg: k.Alg, Active: signs[k.Alg] == k.ID, Next: k.ActiveAt.After(p.Now),
			CreatedAt: k.CreatedAt.Time, ActiveAt: k.ActiveAt.Time, RetiredAt: k.RetiredAt.Time})
	}
	return v.show(p, nil)
}

func (h *Handlers) rotateKeys(v *visit) error {
	sure, err := v.confirmed(page.PathAdminKeys, func() (page.AdminConfirm, error) {
		return page.AdminConfirm{Act: page.ActRotateKey, CancelURL: page.PathAdminKeys}, nil
	})
	if err != nil || !sure {
		return err
	}
	if err := h.Ring.Rotate(audit.WithActor(v.r.Context(), v.by()), true); err != nil {
		return err
	}
	return v.done(page.PathAdminKeys, page.KeysRotated)
}
