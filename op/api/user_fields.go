package api

import (
	"context"

	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// UserFields is what can be changed of a user. A metadata object that is sent takes the place of the one before.
type UserFields struct {
	Name            string `json:"name" required:"false" maxLength:"200"`
	FirstName       string `json:"first_name" required:"false" maxLength:"200"`
	LastName        string `json:"last_name" required:"false" maxLength:"200"`
	Locale          string `json:"locale" required:"false" maxLength:"35" pattern:"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$" patternDescription:"a language tag (BCP 47)"`
	Role            string `json:"role" required:"false" enum:",owner,admin,support,auditor" doc:"Right in curfew itself; empty for none. Whoever gains one has to sign in again"`
	SessionLimit    int64  `json:"session_limit" required:"false" minimum:"0" maximum:"1000" doc:"Devices to be signed in on at a time; 0 follows the configuration"`
	PublicMetadata  object `json:"public_metadata" required:"false" doc:"Apps read it; at most 8 KiB"`
	PrivateMetadata object `json:"private_metadata" required:"false" doc:"Only this API sees it; at most 8 KiB"`
	UnsafeMetadata  object `json:"unsafe_metadata" required:"false" doc:"The user may write it; at most 8 KiB"`

	ExternalID *string `json:"external_id" required:"false" minLength:"1" maxLength:"255" doc:"What the user is called where they come from, and nobody else; null for nothing"`
}

// normalize brings the fields into the form that is stored, or says which cannot be.
func (f *UserFields) normalize() error {
	for name, s := range map[string]*string{"name": &f.Name, "first_name": &f.FirstName, "last_name": &f.LastName} {
		var err error
		if *s, err = user.NormalizeName(*s); err != nil {
			return badField("body", name, "must be at most 200 characters without control characters")
		}
	}
	for name, o := range map[string]object{"public_metadata": f.PublicMetadata, "private_metadata": f.PrivateMetadata,
		"unsafe_metadata": f.UnsafeMetadata} {
		if len(o) > user.MaxMetadata {
			return badField("body", name, user.ErrMetadataTooLarge.Error())
		}
	}
	return nil
}

func (f *UserFields) externalID() string {
	if f.ExternalID == nil {
		return ""
	}
	return *f.ExternalID
}

func (f *UserFields) put(row *storage.User) {
	text := func(o object) string {
		if len(o) == 0 || string(o) == "null" {
			return "{}"
		}
		return string(o)
	}
	row.Name, row.GivenName, row.FamilyName, row.Locale, row.Role = f.Name, f.FirstName, f.LastName, f.Locale, f.Role
	row.SessionLimit, row.ExternalID = f.SessionLimit, f.externalID()
	row.PublicMetadata, row.PrivateMetadata, row.UnsafeMetadata = text(f.PublicMetadata), text(f.PrivateMetadata), text(f.UnsafeMetadata)
}

func fieldsOf(row *storage.User) UserFields {
	return UserFields{Name: row.Name, FirstName: row.GivenName, LastName: row.FamilyName, Locale: row.Locale, Role: row.Role, ExternalID: orNull(row.ExternalID), SessionLimit: row.SessionLimit,
		PublicMetadata: object(row.PublicMetadata), PrivateMetadata: object(row.PrivateMetadata), UnsafeMetadata: object(row.UnsafeMetadata)}
}

// readUser returns the document of a user with its entity tag, or storage.ErrNotFound.
func readUser(ctx context.Context, users *user.Users, userID string) (*userOutput, error) {
	p, err := users.Person(ctx, userID)
	if err != nil {
		return nil, err
	}
	list, err := users.Describe(ctx, p)
	if err != nil {
		return nil, err
	}
	return &userOutput{etag(p.Version), ShowUser(list[0])}, nil
}

// ShowUser returns the document of a user.
func ShowUser(p *user.Described) User {
	return User{Object: "user", ID: p.ID, EmailAddress: orNull(p.Email), EmailAddressVerified: p.EmailVerified,
		PhoneNumber: orNull(p.Phone), UserReached: reachedAt(p.Identifiers), UserProof: proofOf(p.Factors), UserFields: fieldsOf(p.User), Status: p.Status, CreatedAt: p.CreatedAt.UnixMilli(),
		UpdatedAt: p.UpdatedAt.UnixMilli(), LastSignInAt: milliOrNull(p.LastSignInAt)}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func milliOrNull(t storage.Time) *int64 {
	if !t.Set() {
		return nil
	}
	n := t.UnixMilli()
	return &n
}
