// Package observe owns what an operator sees of a running curfew: Prometheus metrics in a registry of their own,
// OpenTelemetry traces if an endpoint is configured, and the log's form.
package observe
