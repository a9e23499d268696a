package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/storage"
)

// operation adds one to the API. Scope is what a caller must hold.
func operation[I, O any](a *API, scope string, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	op.Security = []map[string][]string{{schemeName: {scope}}}
	if op.Method == http.MethodPost && op.Metadata[streams] == nil {
		op.Parameters = append(op.Parameters, onceParam())
	}
	op.MaxBodyBytes = maxBody + 1 // the framework refuses a body that reaches it
	op.BodyReadTimeout = 30 * time.Second
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		return out, nil
	})
}

// etag is the entity tag of a row's version (RFC 9110 8.8.3).
func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// checkMatch compares If-Match with the version of the row in hand, 0 for one that is not there yet; absent, it lets every
// version pass. Nobody is made to send it (428, RFC 6585 3): a change names the members that it changes and leaves the others,
// so that two callers who do not know of one another lose nothing.
func checkMatch(ifMatch string, version int64) error {
	switch strings.TrimSpace(ifMatch) {
	case "":
		return nil
	case "*": // RFC 9110 13.1.1: whatever it is, as long as it is
		if version == 0 {
			return outdated()
		}
		return nil
	}
	for tag := range strings.SplitSeq(ifMatch, ",") {
		if strings.TrimSpace(tag) == etag(version) {
			return nil
		}
	}
	return outdated()
}

// IfMatched is the precondition of every operation on a resource that has an ETag.
type IfMatched struct {
	IfMatch string `header:"If-Match" maxLength:"1000" doc:"Do it only to what is still as this ETag says"`
}

func outdated() *Problem {
	return problem(http.StatusPreconditionFailed, "outdated", "the resource has changed since; read it again",
		Fault{"header", "If-Match", "is not the resource's present ETag"})
}

// change runs fn in a transaction. Where somebody else changed the row between fn's read and its write, a caller that
// named the version by If-Match is told so; for any other fn is run again on what is there now.
func (a *API) change(ctx context.Context, ifMatch string, fn func(tx *storage.Store) error) error {
	for try := 0; ; try++ {
		err := a.Store.Tx(ctx, fn)
		if !errors.Is(err, storage.ErrConflict) || try == 8 {
			return err
		}
		if ifMatch != "" {
			return outdated()
		}
	}
}
