package page

import "time"

// AdminOverview is the front page: figures over time.
type AdminOverview struct {
	Console
	Span   string // 24h, 7d, 30d
	Spans  []Stack
	Users  int64
	Active int64
	Known  bool // Active was counted
	Totals []Total
	Charts []Chart
}

func (AdminOverview) template() string { return "admin_overview" }

// Spans lists every span: "admin.span.<span>".
func Spans() []string { return []string{"24h", "7d", "30d"} }

// SpanName is a span in words.
func (v view) SpanName(span string) string { return v.T("admin.span." + span) }

// Total is one number with its name: "admin.figure.<Name>".
type Total struct {
	Name  string
	Value int64
	Took  time.Duration // instead of Value
	Bad   bool
}

// FigureNames lists what is counted.
func FigureNames() []string {
	return []string{"sign_ins", "failures", "active", "ends", "drop_p99"}
}

// CauseNames lists by what sessions end: "admin.cause.<cause>".
func CauseNames() []string {
	return []string{"signed_out", "revoked", "time", "password", "client", "safety", "other"}
}

// FigureName is what is counted, in words.
func (v view) FigureName(name string) string { return v.T("admin.figure." + name) }

// CauseName is by what sessions end, in words.
func (v view) CauseName(name string) string { return v.T("admin.cause." + name) }
