package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/userimport"
	"github.com/curfew-id/curfew/storage"
)

// importLine is one user of an import.
type importLine struct {
	Email         string `json:"email"`
	EmailVerified *bool  `json:"email_verified"`
	PasswordHash  string `json:"password_hash"`
	UserFields
}

const (
	maxImportLine = 64 << 10 // bytes
	importBatch   = 200      // lines in a transaction
	importPause   = time.Minute
)

func (a *API) sendUserImportLines(ctx context.Context, in *importLinesInput) (*huma.StreamResponse, error) {
	i, err := a.userImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if i.CancelledAt.Set() {
		return nil, importCancelled()
	}
	if in.Offset > i.Lines {
		return nil, badField("query", "offset", "leaves lines out: go on where the import's lines stand")
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		err := a.takeLines(ctx, i, in.Offset, httpx.WholeBody(r), func() { // as long as lines come
			control, until := http.NewResponseController(w), a.Clock.Now().Add(importPause)
			_ = control.SetReadDeadline(until) // a writer without a connection has no deadlines
			_ = control.SetWriteDeadline(until)
		})
		var p *Problem
		if err != nil && errors.As(a.problemOf(ctx, err), &p) {
			p.write(ctx, w)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(showUserImport(i))
	}}, nil
}

// takeLines reads lines, of which offset stand before the first, and has those taken that i has not.
func (a *API) takeLines(ctx context.Context, i *storage.UserImport, offset int64, body io.Reader, alive func()) error {
	in, number := bufio.NewReaderSize(body, maxImportLine), offset
	var lines []*userimport.Line
	flush := func() error {
		if number <= i.Lines {
			return nil
		}
		if err := a.still(ctx); err != nil {
			return err
		}
		err := a.imports.Take(ctx, i, lines, number, callerOf(ctx))
		switch {
		case errors.Is(err, userimport.ErrOvertaken):
			return problem(http.StatusConflict, "conflict", "another request is sending lines of this import")
		case errors.Is(err, userimport.ErrCancelled):
			return importCancelled()
		}
		lines = lines[:0]
		return err
	}
	alive()
	for {
		raw, long, err := nextLine(in)
		if err != nil && err != io.EOF { // what came in part is not taken
			if ferr := flush(); ferr != nil {
				return ferr
			}
			return problem(http.StatusBadRequest, "invalid_request", "the body broke off")
		}
		if err == io.EOF && len(raw) == 0 {
			return flush()
		}
		if number++; number > i.Lines && (long || len(bytes.TrimSpace(raw)) > 0) {
			lines = append(lines, readImportLine(ctx, number, raw, long))
		}
		if len(lines) == importBatch || number-i.Lines >= 10*importBatch {
			if err := flush(); err != nil {
				return err
			}
			alive()
		} else if number%importBatch == 0 {
			alive()
		}
		if err == io.EOF {
			return flush()
		}
	}
}

func importCancelled() *Problem {
	return problem(http.StatusConflict, "import_cancelled", "the import was cancelled and takes no more lines")
}

// nextLine returns a line without its end, or that it was too long.
func nextLine(in *bufio.Reader) (line []byte, long bool, err error) {
	line, err = in.ReadSlice('\n')
	for err == bufio.ErrBufferFull {
		long = true
		_, err = in.ReadSlice('\n')
	}
	if long {
		line = []byte("long")
	}
	return bytes.TrimSuffix(line, []byte("\n")), long, err
}

func readImportLine(ctx context.Context, number int64, raw []byte, long bool) *userimport.Line {
	l := &userimport.Line{Number: number, User: &storage.User{}}
	refuse := func(field, detail string) *userimport.Line {
		l.Refused = &userimport.Refusal{Field: field, Detail: detail}
		return l
	}
	if long {
		return refuse("", "is longer than 64 KiB")
	}
	var in importLine
	if err := decode(raw, &struct{}{}); err != nil { // no member twice, nothing behind
		return refuse("", err.Error())
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return refuse("", unreadable(err))
	}
	if user.CheckExternalID(in.externalID()) != nil {
		return refuse("external_id", "must be at most 255 characters without control characters")
	}
	l.Email, l.ExternalID, l.Unverified = in.Email, in.externalID(), in.EmailVerified != nil && !*in.EmailVerified
	if field, detail := checkImported(ctx, &in.UserFields); detail != "" {
		return refuse(field, detail)
	}
	in.put(l.User)
	if in.PasswordHash != "" {
		p, err := factor.ImportPassword(in.PasswordHash)
		if err != nil {
			return refuse("password_hash", "is of no known format, or costs too much to check")
		}
		l.Password = &p
	}
	return l
}

func unreadable(err error) string {
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok && len(name) < 100 {
		return "there is no member " + name
	}
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) && t.Field != "" {
		return t.Field + " has a value of the wrong type"
	}
	return "cannot be read"
}

var localeForm = regexp.MustCompile(`^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$`)

// checkImported is what the schema of a user checks elsewhere.
func checkImported(ctx context.Context, f *UserFields) (field, detail string) {
	err := f.normalize()
	if err == nil {
		err = mayGiveRole(ctx, "", f.Role)
	}
	var p *Problem
	switch {
	case errors.As(err, &p) && len(p.Errors) > 0:
		return p.Errors[0].Field, p.Errors[0].Detail
	case len(f.Locale) > 35 || !localeForm.MatchString(f.Locale):
		return "locale", "must be a language tag (BCP 47)"
	case f.Role != "" && f.Role != roleOwner && f.Role != roleAdmin && f.Role != roleSupport && f.Role != roleAuditor:
		return "role", "is not a role"
	case f.SessionLimit < 0 || f.SessionLimit > 1000:
		return "session_limit", "must be 0 to 1000"
	}
	for name, o := range map[string]object{"public_metadata": f.PublicMetadata, "private_metadata": f.PrivateMetadata, "unsafe_metadata": f.UnsafeMetadata} {
		if len(o) > 0 && o[0] != '{' && string(o) != "null" {
			return name, "must be an object"
		}
	}
	return "", ""
}
