package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type userExportInput struct{ UserFilters }

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// importResult is what became of a line.
type importResult struct {
	Line       int64   `json:"line"`
	Status     string  `json:"status"`
	ExternalID *string `json:"external_id"`
	UserID     *string `json:"user_id"`
	Field      *string `json:"field"`
	Detail     *string `json:"detail"`
}

func (a *API) getUserImportResults(ctx context.Context, in *importResultsInput) (*huma.StreamResponse, error) {
	if _, err := a.userImport(ctx, in.ID); err != nil {
		return nil, err
	}
	after := in.After
	return a.lines(ctx, func(put func(any) error) (more bool, err error) {
		list, err := a.Store.ImportResults(ctx, in.ID, after, 500)
		for _, r := range list {
			after = r.Line
			err := put(importResult{r.Line, r.Status, orNull(r.ExternalID), orNull(r.UserID), orNull(r.Field), orNull(r.Detail)})
			if err != nil {
				return false, err
			}
		}
		return len(list) == 500, err
	}), nil
}

func (a *API) exportUsers(ctx context.Context, in *userExportInput) (*huma.StreamResponse, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	f.Limit = 500
	return a.lines(ctx, func(put func(any) error) (more bool, err error) {
		people, err := a.Users.People(ctx, f)
		if err != nil {
			return false, err
		}
		list, err := a.Users.Describe(ctx, people...)
		for _, p := range list {
			f.After = p.ID
			if err := put(ShowUser(p)); err != nil {
				return false, err
			}
		}
		return len(list) == 500, err
	}), nil
}

// lines answers with one JSON value a line, page by page, for as long as there are more. An answer that has begun can only be
// broken off: whoever reads it sees a body without its end.
func (a *API) lines(ctx context.Context, page func(put func(any) error) (more bool, err error)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", ndjson)
		out, control := bufio.NewWriter(w), http.NewResponseController(w)
		enc := json.NewEncoder(out)
		for more := true; more; {
			_ = control.SetWriteDeadline(a.Clock.Now().Add(importPause)) // a writer without a connection has no deadlines
			err := a.still(ctx)
			if err == nil {
				more, err = page(enc.Encode)
			}
			if err == nil {
				err = out.Flush()
			}
			if err != nil {
				if ctx.Err() == nil {
					a.Log.ErrorContext(ctx, "stream broken off", "error", err)
				}
				panic(http.ErrAbortHandler)
			}
		}
	}}
}
