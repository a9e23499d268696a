package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// Problem is an answer that says what is wrong (RFC 9457). Its type is about:blank, so the title is the status's.
type Problem struct {
	Title     string  `json:"title" doc:"The status in words" example:"Unprocessable Entity"`
	Status    int     `json:"status" example:"422"`
	Code      string  `json:"code" doc:"What went wrong, for programs; stable" example:"invalid_fields"`
	Detail    string  `json:"detail,omitempty" doc:"What went wrong, for people"`
	Errors    []Fault `json:"errors,omitempty" doc:"Each field that is at fault"`
	RequestID string  `json:"request_id,omitempty" doc:"Under which the server's log has the request"`

	header http.Header
}

// Fault is one field that is at fault.
type Fault struct {
	In     string `json:"in" enum:"body,query,path,header"`
	Field  string `json:"field,omitempty" doc:"Name of the field, such as redirect_uris[0]; absent where the whole is wrong"`
	Detail string `json:"detail"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType implements huma.ContentTypeFilter (RFC 9457 3).
func (p *Problem) ContentType(string) string { return "application/problem+json" }

func problem(status int, code, detail string, faults ...Fault) *Problem {
	return &Problem{Title: http.StatusText(status), Status: status, Code: code, Detail: detail, Errors: faults}
}

func notFound(detail string) *Problem { return problem(http.StatusNotFound, "not_found", detail) }

// badField is a request that was understood and says something that cannot be.
func badField(in, field, detail string) *Problem {
	return problem(http.StatusUnprocessableEntity, "invalid_fields", field+": "+detail, Fault{in, field, detail})
}

// write is for problems that are found outside of an operation.
func (p *Problem) write(ctx context.Context, w http.ResponseWriter) {
	q := *p
	q.RequestID = httpx.RequestID(ctx)
	body, _ := json.Marshal(&q) // strings and a number always encode
	maps.Copy(w.Header(), p.header)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}

// withRequestID puts the request's id into every problem on its way out.
func withRequestID(ctx huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*Problem); ok {
		q := *p
		q.RequestID = httpx.RequestID(ctx.Context())
		return &q, nil
	}
	return v, nil
}

// problemOf turns what an operation returns into what its caller is told. What nobody expected is logged, not told.
func (a *API) problemOf(ctx context.Context, err error) error {
	var known *Problem
	var field *client.FieldError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &field):
		p := badField("body", field.Field, field.Reason)
		p.Code = "invalid_client_metadata" // RFC 7591 3.2.2
		if field.Field == "redirect_uris" {
			p.Code = "invalid_redirect_uri"
		}
		return p
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, client.ErrUnknown):
		return notFound("there is no such resource")
	case errors.Is(err, user.ErrLastOwner):
		return problem(http.StatusConflict, "last_owner", "nobody would be left who can give roles: make somebody else an owner first")
	case errors.Is(err, storage.ErrConflict):
		return problem(http.StatusConflict, "conflict", "somebody else is changing this; try again")
	}
	if ctx.Err() == nil {
		a.Log.ErrorContext(ctx, "management request failed", "error", err, "request_id", httpx.RequestID(ctx))
	}
	return internal()
}

func internal() *Problem {
	return problem(http.StatusInternalServerError, "internal", "something went wrong on our side")
}

// The framework's errors and its reading of JSON are set in package variables. This package is its only user.
func init() {
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError { return ofFramework(status, errs) }
	huma.ValidateStrictCasing = true // encoding/json would take "Email" for "email"
	huma.DefaultArrayNullable = false
}

const maxFaults = 20 // a body can be wrong in thousands of places

// ofFramework makes a problem of what was found wrong before an operation began. The values that were sent are not
// repeated: one of them may be a password.
func ofFramework(status int, errs []error) *Problem {
	p := problem(status, "invalid_request", "the request cannot be read")
	switch status {
	case http.StatusUnprocessableEntity:
		p.Code, p.Detail = "invalid_fields", "the request has fields that cannot be accepted"
	case http.StatusRequestEntityTooLarge:
		p.Code, p.Detail = "too_large", fmt.Sprintf("the body is larger than %d bytes", maxBody)
	case http.StatusRequestTimeout:
		p.Code, p.Detail = "timeout", "the body took too long to arrive"
	case http.StatusInternalServerError:
		// The framework's word for a body that broke off: its reading is all that can fail outside an operation.
		p = problem(http.StatusBadRequest, "invalid_request", "the body broke off")
	}
	for _, err := range errs {
		var d *huma.ErrorDetail
		if errors.As(err, &d) && len(p.Errors) < maxFaults {
			p.Errors = append(p.Errors, faultOf(d))
		}
	}
	if len(p.Errors) == 1 {
		p.Detail = strings.TrimPrefix(p.Errors[0].Field+": ", ": ") + p.Errors[0].Detail
	}
	return p
}

func faultOf(d *huma.ErrorDetail) Fault {
	in, field, _ := strings.Cut(d.Location, ".")
	f := Fault{In: in, Field: field, Detail: d.Message}
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	if rest, ok := strings.CutPrefix(d.Message, before); ok {
		name, _ := strings.CutSuffix(rest, after)
		f.Field, f.Detail = strings.TrimPrefix(field+"."+name, "."), "is required"
	}
	if d.Message == validation.MsgUnexpectedProperty {
		f.Detail = "there is no such member"
	}
	if len(f.Field) > 200 {
		f.Field = strings.ToValidUTF8(f.Field[:200], "")
	}
	return f
}
