package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"reelcheck/reference/internal/recorder"
)

// metrics are those of one server, so that several can live in one process.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
}

func newMetrics(r *recorder.Recorder) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "archived_http_requests_total", Help: "Requests answered.",
		}, []string{"method", "code"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "archived_http_request_seconds", Help: "Time to answer a request.", Buckets: prometheus.DefBuckets,
		}, []string{"method"}),
	}
	m.registry.MustRegister(m.requests, m.latency, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "archived_compositions", Help: "Archives being composed, live or after their end.",
		}, func() float64 { return float64(r.Composing()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "archived_samples_refused_total", Help: "Samples not recorded because they came too late.",
		}, func() float64 { return float64(r.Losses.Refused()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "archived_media_lost_seconds_total", Help: "Recorded media that could not be read back. Archives that were to have it fail.",
		}, func() float64 { return r.Losses.Damaged().Seconds() }))
	return m
}

// page serves the metrics.
func (m *metrics) page() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// count measures what next answers. WebSockets count as long as they last.
func (m *metrics) count(next http.Handler) http.Handler {
	return promhttp.InstrumentHandlerCounter(m.requests, promhttp.InstrumentHandlerDuration(m.latency, next))
}
