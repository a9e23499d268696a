package observe

import (
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts requests (it is the httpx.Meter that is used) and holds the registry that other packages register on.
type Metrics struct {
	Counters Counters

	registry *prometheus.Registry
	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	routes   sync.Map // route -> *routeMetrics: looking labels up costs more than counting
}

type routeMetrics struct {
	class   [6]prometheus.Counter // by the status's first digit
	seconds prometheus.Observer
}

// NewMetrics returns metrics in a registry of their own; nothing that a library registers globally is published.
// version is the one of the program.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "curfew_http_requests_in_flight",
			Help: "Requests being answered.",
		}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "curfew_http_requests_total",
			Help: "Requests answered, by route pattern and class of status.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "curfew_http_request_duration_seconds",
			Help: "Time from the end of the headers to the end of the answer, by route pattern.",
			// A refresh takes well under a millisecond, a password hash tens of them.
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "curfew_build_info",
		Help:        "Always 1; its labels tell which program runs.",
		ConstLabels: buildLabels(version),
	})
	build.Set(1)
	m.registry.MustRegister(m.inFlight, m.requests, m.seconds, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.Counters = newCounters(m.registry)
	return m
}

func buildLabels(version string) prometheus.Labels {
	labels := prometheus.Labels{"version": version, "go": "", "revision": ""}
	if info, ok := debug.ReadBuildInfo(); ok {
		labels["go"] = info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				labels["revision"] = s.Value
			}
		}
	}
	return labels
}

// Registerer is where other packages register collectors of their own. Names begin with curfew_.
func (m *Metrics) Registerer() prometheus.Registerer { return m.registry }

// Handler serves /metrics. It belongs on a listener that the public does not reach.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		// Metrics that could be read are better than none when one collector fails.
		ErrorHandling: promhttp.ContinueOnError,
	})
}

// Begin counts a request in.
func (m *Metrics) Begin() { m.inFlight.Inc() }

// End counts it out. Requests that no route took are counted together: their paths are the callers' invention.
func (m *Metrics) End(route string, status int, took time.Duration) {
	m.inFlight.Dec()
	if route == "" {
		route = "none"
	}
	v, ok := m.routes.Load(route)
	if !ok {
		v, _ = m.routes.LoadOrStore(route, m.newRoute(route))
	}
	r := v.(*routeMetrics)
	class := status / 100
	if class < 1 || class > 5 {
		class = 0
	}
	r.class[class].Inc()
	r.seconds.Observe(took.Seconds())
}

func (m *Metrics) newRoute(route string) *routeMetrics {
	r := &routeMetrics{seconds: m.seconds.WithLabelValues(route)}
	for i, class := range []string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"} {
		r.class[i] = m.requests.WithLabelValues(route, class)
	}
	return r
}
