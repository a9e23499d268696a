package webhook

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
)

// Options of Webhooks. Store, Clock and Sealer are required; Doer to send.
type Options struct {
	Store  *storage.Store
	Clock  clock.Clock
	Sealer *secret.Sealer
	// Doer must not follow redirects and must refuse addresses that are not public, as httpx.NewDoer's does.
	Doer httpx.Doer
	// Mail tells the owner of an endpoint that it was disabled; nil tells nobody. It must not block.
	Mail    func(delivery.Mail) error
	Service string // the name people know the service by
	// AllowPrivate are networks that endpoints may stand in though they are not public. Where loopback is among them, an
	// endpoint there may do without TLS: that is for development.
	AllowPrivate []netip.Prefix
	Log          *slog.Logger // nil: slog.Default()
}

// Webhooks owns endpoints and sends to them.
type Webhooks struct{ opt Options }

// New returns Webhooks.
func New(o Options) *Webhooks {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Webhooks{o}
}

// RetryAfterMax is the longest that an endpoint can have itself left alone at a time. It is far less than delivery.TTL: a
// figure that somebody mistook for seconds, or a clock that is a year ahead, must not cost a day's events.
const RetryAfterMax = time.Hour

// NewQueue is the queue that sends what endpoints are owed. What a receiver rejects is tried for as long as all else: the
// next version of it may take what this one does not know.
func (w *Webhooks) NewQueue() *delivery.Queue {
	return delivery.NewQueue(w.QueueOptions())
}

// QueueOptions are those of NewQueue, for tests that want it to be quicker.
func (w *Webhooks) QueueOptions() delivery.QueueOptions {
	return delivery.QueueOptions{Store: w.opt.Store, Clock: w.opt.Clock, Log: w.opt.Log, Kind: Kind, Send: w.Send,
		RejectedTTL: delivery.TTL, RetryAfterMax: RetryAfterMax}
}
