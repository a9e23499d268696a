package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// User is a person, with everything that is kept of them but what they prove with.
type User struct {
	Object               string  `json:"object" enum:"user"`
	ID                   string  `json:"id"`
	EmailAddress         *string `json:"email_address" doc:"The primary one; null where there is none"`
	EmailAddressVerified bool    `json:"email_address_verified"`
	PhoneNumber          *string `json:"phone_number" doc:"In the form of E.164"`
	UserReached
	UserProof
	UserFields
	Status       string `json:"status" enum:"active,disabled"`
	CreatedAt    int64  `json:"created_at"`
	UpdatedAt    int64  `json:"updated_at"`
	LastSignInAt *int64 `json:"last_sign_in_at"`
}

// NewUser is what a user begins with. The caller vouches for the address: it counts as verified.
type NewUser struct {
	Email    string `json:"email" maxLength:"320"`
	Password string `json:"password,omitempty" maxLength:"1024" doc:"Checked like one that a user chooses; without it the user signs in by a code or sets one"`
	UserFields
}

// Deleted says what is gone.
type Deleted struct {
	Object  string `json:"object"`
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
}

// UserFilters narrow a list of users. One that is not sent does not.
type UserFilters struct {
	Email  string `query:"email" maxLength:"320" doc:"Exactly this address, in whichever spelling"`
	Query  string `query:"query" maxLength:"320" doc:"What a name or an e-mail address begins with, in whichever case"`
	Role   string `query:"role" enum:"owner,admin,support,auditor"`
	Status string `query:"status" enum:"active,disabled"`

	ExternalID string `query:"external_id" maxLength:"255" doc:"Exactly this external id"`

	Created
}

type (
	userInput struct {
		ID string `path:"id"`
	}
	userListInput struct {
		Page
		UserFilters
	}
	userCreateInput struct{ Body NewUser }
	userChangeInput struct {
		ID string `path:"id"`
		IfMatched
	}
	userUpdateInput struct {
		ID string `path:"id"`
		IfMatched
		Body patch[UserFields]
	}
	userOutput struct {
		ETag string `header:"ETag"`
		Body User
	}
	deletedOutput struct{ Body Deleted }
)

func (a *API) userOperations() {
	tags := []string{"users"}
	operation(a, ScopeUsersRead, huma.Operation{OperationID: "list-users", Method: http.MethodGet, Path: "/v1/users",
		Summary: "List users, the oldest first", Tags: tags}, a.listUsers)
	operation(a, ScopeUsersWrite, huma.Operation{OperationID: "create-user", Method: http.MethodPost, Path: "/v1/users",
		Summary: "Create a user", Tags: tags, DefaultStatus: http.StatusCreated}, a.createUser)
	operation(a, ScopeUsersRead, huma.Operation{OperationID: "get-user", Method: http.MethodGet, Path: "/v1/users/{id}",
		Summary: "Get a user", Tags: tags}, a.getUser)
	operation(a, ScopeUsersWrite, huma.Operation{OperationID: "update-user", Method: http.MethodPatch, Path: "/v1/users/{id}",
		Summary: "Change a user", Tags: tags, Description: "Members that are sent replace what was; null empties them."}, a.updateUser)
	operation(a, ScopeUsersWrite, huma.Operation{OperationID: "delete-user", Method: http.MethodDelete, Path: "/v1/users/{id}",
		Summary: "End all sessions of a user and delete them", Tags: tags}, a.deleteUser)
	operation(a, ScopeUsersWrite, huma.Operation{OperationID: "disable-user", Method: http.MethodPost, Path: "/v1/users/{id}/disable",
		Summary: "Keep a user out and end all their sessions", Tags: tags}, a.disableUser)
	operation(a, ScopeUsersWrite, huma.Operation{OperationID: "enable-user", Method: http.MethodPost, Path: "/v1/users/{id}/enable",
		Summary: "Let a disabled user in again", Tags: tags}, a.enableUser)
}

func (a *API) listUsers(ctx context.Context, in *userListInput) (*listOutput[User], error) {
	after, err := in.after(id.User)
	if err != nil {
		return nil, err
	}
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	f.After, f.Limit = after, in.Limit+1
	people, err := a.Users.People(ctx, f)
	if err != nil {
		return nil, err
	}
	list, err := a.Users.Describe(ctx, people...)
	if err != nil {
		return nil, err
	}
	return listed(list, in.Limit, func(p *user.Described) string { return p.ID }, ShowUser), nil
}

func (q *UserFilters) filter() (f storage.UserFilter, err error) {
	if f.CreatedSince, f.CreatedBefore, err = q.bounds(); err != nil {
		return f, err
	}
	if !utf8.ValidString(q.Query) || strings.ContainsFunc(q.Query, unicode.IsControl) {
		return f, badField("query", "query", "must be text")
	}
	if user.CheckExternalID(q.ExternalID) != nil {
		return f, badField("query", "external_id", "must be text")
	}
	if !utf8.ValidString(q.Email) {
		return f, badField("query", "email", "must be text")
	}
	if q.Email != "" {
		if f.Email, err = user.NormalizeEmail(q.Email); err != nil {
			return f, badField("query", "email", err.Error())
		}
	}
	f.Query, f.Role, f.Status, f.ExternalID = q.Query, q.Role, q.Status, q.ExternalID
	return f, nil
}

func (a *API) createUser(ctx context.Context, in *userCreateInput) (*userOutput, error) {
	b := in.Body
	if err := b.normalize(); err != nil {
		return nil, err
	}
	if err := mayGiveRole(ctx, "", b.Role); err != nil {
		return nil, err
	}
	var password *factor.NewPassword
	if b.Password != "" {
		p, err := a.Factors.AcceptPassword(ctx, b.Password, b.Email, b.Name, b.FirstName, b.LastName)
		if err != nil {
			return nil, passwordProblem(err)
		}
		password = &p
	}
	var out *userOutput
	err := a.Store.Tx(ctx, func(tx *storage.Store) error {
		row, err := a.Users.Create(ctx, tx, user.NewUser{Email: b.Email, Name: b.Name, Locale: b.Locale, Role: b.Role, ExternalID: b.externalID(),
			Kind: audit.UserCreated, By: callerOf(ctx)})
		if err != nil {
			return userProblem(err)
		}
		if b.put(row); row.GivenName != "" || row.FamilyName != "" || row.PublicMetadata != "{}" ||
			row.PrivateMetadata != "{}" || row.UnsafeMetadata != "{}" || row.SessionLimit != 0 {
			if err := tx.UpdateUser(ctx, row); err != nil {
				return err
			}
		}
		if password != nil {
			if err := a.Factors.StorePassword(ctx, tx, row.ID, *password); err != nil {
				return err
			}
		}
		out, err = readUser(ctx, a.Users.In(tx), row.ID)
		return err
	})
	return out, err
}

func (a *API) getUser(ctx context.Context, in *userInput) (*userOutput, error) {
	if !isA(id.User, in.ID) {
		return nil, storage.ErrNotFound
	}
	return readUser(ctx, a.Users, in.ID)
}

func (a *API) updateUser(ctx context.Context, in *userUpdateInput) (*userOutput, error) {
	return a.changeUser(ctx, in.ID, in.IfMatch, func(tx *storage.Store) error {
		row, err := tx.User(ctx, in.ID)
		if err != nil {
			return err
		}
		next, err := in.Body.apply(fieldsOf(row))
		if err != nil {
			return err
		}
		if err := next.normalize(); err != nil {
			return err
		}
		if err := mayGiveRole(ctx, row.Role, next.Role); err != nil {
			return err
		}
		next.put(row)
		return userProblem(a.Users.Update(ctx, tx, a.Door, row, callerOf(ctx)))
	})
}

func (a *API) disableUser(ctx context.Context, in *userChangeInput) (*userOutput, error) {
	return a.changeUser(ctx, in.ID, in.IfMatch, func(tx *storage.Store) error {
		return a.Users.Disable(ctx, tx, a.Door, in.ID, callerOf(ctx))
	})
}

func (a *API) enableUser(ctx context.Context, in *userChangeInput) (*userOutput, error) {
	return a.changeUser(ctx, in.ID, in.IfMatch, func(tx *storage.Store) error {
		return a.Users.Enable(ctx, tx, in.ID, callerOf(ctx))
	})
}

// changeUser runs do in a transaction and returns the user as it leaves them.
func (a *API) changeUser(ctx context.Context, userID, ifMatch string, do func(tx *storage.Store) error) (*userOutput, error) {
	if !isA(id.User, userID) {
		return nil, storage.ErrNotFound
	}
	var out *userOutput
	err := a.change(ctx, ifMatch, func(tx *storage.Store) (err error) {
		row, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		if err := mayChange(ctx, row); err != nil {
			return err
		}
		if err := checkMatch(ifMatch, row.Version); err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return err
		}
		out, err = readUser(ctx, a.Users.In(tx), userID)
		return err
	})
	return out, err
}

func (a *API) deleteUser(ctx context.Context, in *userChangeInput) (*deletedOutput, error) {
	if !isA(id.User, in.ID) {
		return nil, storage.ErrNotFound
	}
	err := a.change(ctx, in.IfMatch, func(tx *storage.Store) error {
		row, err := tx.User(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := mayChange(ctx, row); err != nil {
			return err
		}
		if err := checkMatch(in.IfMatch, row.Version); err != nil {
			return err
		}
		return a.Users.Delete(ctx, tx, a.Door, in.ID, callerOf(ctx))
	})
	if err != nil {
		return nil, err
	}
	return &deletedOutput{Deleted{Object: "user", ID: in.ID, Deleted: true}}, nil
}

func userProblem(err error) error {
	switch {
	case errors.Is(err, user.ErrEmail):
		return badField("body", "email", err.Error())
	case errors.Is(err, user.ErrTaken):
		return taken("email", "somebody has this address")
	case errors.Is(err, user.ErrExternalID):
		return badField("body", "external_id", "must be at most 255 characters without control characters")
	case errors.Is(err, user.ErrExternalIDTaken):
		return taken("external_id", "somebody else has this external id")
	}
	return err
}

func taken(field, detail string) *Problem {
	p := badField("body", field, detail)
	p.Status, p.Title, p.Code = http.StatusConflict, http.StatusText(http.StatusConflict), "taken"
	return p
}

// passwordProblem tells why a password is refused; the reasons' texts are meant to be told.
func passwordProblem(err error) error {
	if errors.Is(err, factor.ErrBusy) {
		p := problem(http.StatusServiceUnavailable, "busy", "too many passwords are being checked; try again")
		p.header = http.Header{"Retry-After": {strconv.Itoa(int(factor.BusyRetryAfter / time.Second))}}
		return p
	}
	for _, reason := range []error{factor.ErrPasswordTooShort, factor.ErrPasswordTooLong, factor.ErrPasswordUnusable,
		factor.ErrPasswordCommon, factor.ErrPasswordPersonal, factor.ErrPasswordBreached} {
		if errors.Is(err, reason) {
			return badField("body", "password", strings.TrimPrefix(reason.Error(), "password "))
		}
	}
	return fmt.Errorf("accept password: %w", err)
}
