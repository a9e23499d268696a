package admin

import (
	"errors"
	"slices"
	"time"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// How far the page of an application looks: every page answers within a tenth of a second, however many sessions there are.
const (
	sessionsLooked   = 2000
	sessionsOfApp    = 5
	deliveriesLooked = 5000 // to all applications
	deliveriesOfApp  = 200
	healthSpan       = 7 * 24 * time.Hour
)

// addUse says who uses an application.
func (h *Handlers) addUse(v *visit, c *client.Client, p *page.AdminApp) error {
	use, err := h.Store.ClientUse(v.r.Context(), c.ID, p.Now, sessionsLooked, sessionsOfApp)
	if err != nil {
		return err
	}
	p.Use.Sessions, p.Use.More = use.Live, use.More
	if len(use.Sessions) > 0 {
		p.Use.LastUsedAt = use.Sessions[0].LastActiveAt.Time
	}
	if v.may(SessionsRead) {
		p.Use.Rows, err = h.sessionRows(v, use.Sessions, p.Now)
	}
	return err
}

// addHealth says how the newest messages to an application's back channel went.
func (h *Handlers) addHealth(v *visit, c *client.Client, p *page.AdminApp) error {
	if c.BackchannelLogoutURI == "" {
		return nil
	}
	list, err := h.Store.ReceiverDeliveries(v.r.Context(), logout.KindBackChannel, c.ID, p.Now.Add(-healthSpan), deliveriesLooked, deliveriesOfApp)
	if err != nil {
		return err
	}
	p.Health = health(list)
	return nil
}

// health sums up deliveries, the newest first.
func health(list []*storage.Delivery) (s page.AppHealth) {
	var took []time.Duration
	for i, d := range list {
		if i == 0 {
			s.LastAt = d.CreatedAt.Time
		}
		if s.LastError == "" {
			s.LastError = d.LastError
		}
		switch d.Outcome {
		case delivery.Delivered:
			s.Delivered++
			took = append(took, time.Duration(d.Duration)*time.Microsecond)
		case "":
			s.Waiting++
		default:
			s.Failed++
		}
	}
	if slices.Sort(took); len(took) > 0 {
		s.P50 = took[(len(took)-1)/2]
	}
	return s
}

// addTemplate leads to the application's claim template, or to where one is written.
func (h *Handlers) addTemplate(v *visit, c *client.Client, p *page.AdminApp) error {
	if !v.may(TemplatesRead) {
		return nil
	}
	_, err := h.Store.ClaimTemplate(v.r.Context(), storage.TemplateClient, c.ID)
	switch {
	case err == nil:
		p.TemplateURL = templateURL(pathTemplate, storage.TemplateClient, c.ID)
	case !errors.Is(err, storage.ErrNotFound):
		return err
	case v.may(TemplatesWrite):
		p.NewTemplateURL = pathTemplate
	}
	return nil
}
