package httpx

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
)

// RequestLog says which requests get a log line: one in so many, or none if 0. Answers with a status of 500 and above
// get one as long as it is not LogNone.
type RequestLog int

// The named settings. Any larger number is one in so many.
const (
	LogNone   RequestLog = 0
	LogAll    RequestLog = 1
	LogErrors RequestLog = -1 // only answers with status 500 and above
)

// ParseRequestLog reads all, errors, none or a fraction such as 1/100.
func ParseRequestLog(s string) (RequestLog, error) {
	switch s {
	case "all":
		return LogAll, nil
	case "errors":
		return LogErrors, nil
	case "none":
		return LogNone, nil
	}
	if n, ok := strings.CutPrefix(s, "1/"); ok {
		if n, err := strconv.Atoi(n); err == nil && n >= 1 && n <= 1_000_000 {
			return RequestLog(n), nil
		}
	}
	return LogNone, fmt.Errorf("%q is not all, errors, none or a fraction such as 1/100", s)
}

type sampler struct{ n atomic.Uint64 }

func (s *sampler) take(l RequestLog, status int) bool {
	switch {
	case l == LogNone:
		return false
	case l == LogAll, status >= 500:
		return true
	case l == LogErrors:
		return false
	}
	return s.n.Add(1)%uint64(l) == 0
}
