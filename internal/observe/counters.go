package observe

import "github.com/prometheus/client_golang/prometheus"

// Counters are the events of curfew that are counted across packages. A package takes the ones it counts through its
// Options; the zero value counts nothing and is safe to use.
type Counters struct {
	TokensIssued    *Counter // grant: authorization_code, refresh_token, client_credentials ...
	RefreshRefused  *Counter // reason: reuse, ended, expired, forged ...
	SessionsStarted *Counter // kind: browser, offline, impersonation
	SessionsEnded   *Counter // reason: the typed reason of the end
	SignIns         *Counter // factor, outcome: passed, failed, throttled
	Deliveries      *Counter // kind: backchannel, webhook, mail, sms; outcome: settled, retried, given_up
	KeysRotated     *Counter
}

func newCounters(r prometheus.Registerer) Counters {
	return Counters{
		TokensIssued:    NewCounter(r, "curfew_tokens_issued_total", "Access tokens issued, by grant type.", "grant"),
		RefreshRefused:  NewCounter(r, "curfew_refresh_refused_total", "Refresh tokens refused, by reason.", "reason"),
		SessionsStarted: NewCounter(r, "curfew_sessions_started_total", "Sessions started, by kind.", "kind"),
		SessionsEnded:   NewCounter(r, "curfew_sessions_ended_total", "Sessions ended, by reason.", "reason"),
		SignIns:         NewCounter(r, "curfew_factor_attempts_total", "Factors tried, by factor and outcome.", "factor", "outcome"),
		Deliveries:      NewCounter(r, "curfew_deliveries_total", "Attempts to deliver a message, by kind and outcome.", "kind", "outcome"),
		KeysRotated:     NewCounter(r, "curfew_keys_rotated_total", "Signing keys rotated."),
	}
}

// Counter counts events. A nil *Counter counts nothing, so that packages need not ask whether they are observed.
type Counter struct {
	vec   *prometheus.CounterVec
	bound prometheus.Counter
}

// NewCounter registers a counter with the given labels. Values of labels come from small fixed sets: never an id, an
// address or anything that a caller chose. It panics if the name is taken.
func NewCounter(r prometheus.Registerer, name, help string, labels ...string) *Counter {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	r.MustRegister(vec)
	c := &Counter{vec: vec}
	if len(labels) == 0 {
		c.bound = vec.WithLabelValues()
	}
	return c
}

// With returns the counter for these values of its labels, for paths on which looking them up each time is too dear.
func (c *Counter) With(values ...string) *Counter {
	if c == nil {
		return nil
	}
	return &Counter{vec: c.vec, bound: c.vec.WithLabelValues(values...)}
}

// Inc counts one event: of the bound values, or of the given ones.
func (c *Counter) Inc(values ...string) { c.Add(1, values...) }

// Add counts n events.
func (c *Counter) Add(n int, values ...string) {
	switch {
	case c == nil:
	case len(values) == 0 && c.bound != nil:
		c.bound.Add(float64(n))
	default:
		c.vec.WithLabelValues(values...).Add(float64(n))
	}
}
