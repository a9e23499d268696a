package ended

import (
	"time"

	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/ui/page"
)

// Receipt says in words what became of telling an application, which the caller names.
func Receipt(r logout.Receipt, now time.Time) page.Receipt {
	p := page.Receipt{At: r.AnsweredAt.Time, Took: time.Duration(r.Duration) * time.Microsecond, DeadBy: r.TokenDeadBy,
		Over: !r.TokenDeadBy.After(now)}
	switch {
	case r.Channel == logout.ByNone:
		p.State = page.ReceiptNone
	case r.Channel == logout.ByPush:
		p.State, p.At = page.ReceiptLive, r.SentAt.Time
	case r.Channel == logout.ByFrontChannel:
		p.State, p.At = page.ReceiptFrame, r.SentAt.Time
	case r.Outcome == delivery.Delivered:
		p.State = page.ReceiptTold
		if r.SentAt.Set() {
			p.At = r.SentAt.Time
		}
	case r.Outcome == delivery.Gone:
		p.State = page.ReceiptGone
	case r.Outcome == delivery.Failed:
		p.State = page.ReceiptFailed
	case r.LastError != "":
		p.State = page.ReceiptRetrying
	default:
		p.State = page.ReceiptTelling
	}
	return p
}
