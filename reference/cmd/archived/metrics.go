package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"reelcheck/reference/internal/ingest"
	"reelcheck/reference/internal/ingest/unrecorded"
	"reelcheck/reference/internal/recorder"
)

// metrics has a registry of its own, so that several servers can run in one process.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
}

// newMetrics returns metrics for what r composes and loses, and for what ingest does not record.
func newMetrics(r *recorder.Recorder, in *ingest.Server) *metrics {
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
			Name: "archived_media_lost_seconds_total", Help: "Recorded media that could not be read back. Archives that need it fail.",
		}, func() float64 { return r.Losses.Damaged().Seconds() }))
	for reason := range unrecorded.Reasons {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "archived_media_unrecorded_packets_total", Help: "RTP packets with media that came and are not recorded.",
			ConstLabels: prometheus.Labels{"reason": string(reason)},
		}, func() float64 { return float64(in.Unrecorded(reason)) }))
	}
	return m
}

// page serves the metrics.
func (m *metrics) page() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// count measures the answers of next. A WebSocket counts as one answer that lasts until it closes.
func (m *metrics) count(next http.Handler) http.Handler {
	return promhttp.InstrumentHandlerCounter(m.requests, promhttp.InstrumentHandlerDuration(m.latency, next))
}
