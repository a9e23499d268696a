package claims

import (
	"encoding/json"
	"strconv"
	"time"
)

// User is what a template may say of a user. Metadata are JSON objects.
type User struct {
	ID, Name, GivenName, FamilyName, Locale, Role string
	PrimaryEmail, PrimaryPhone                    string
	EmailVerified, PhoneVerified                  bool
	PublicMetadata, PrivateMetadata               json.RawMessage
	UnsafeMetadata                                json.RawMessage
	CreatedAt, UpdatedAt                          time.Time
}

// Session is what a template may say of the session and of the client that a token is made for.
type Session struct {
	ID, Kind, ACR                   string
	AuthenticatedAt, ExpiresAt      time.Time
	ActorIssuer, ActorSub, ActorSID string
	ClientID, ClientName            string
}

// field is one name of a template's language. Its value is JSON; nil where there is none.
type field struct {
	bound   int // in bytes; what is larger counts as missing
	user    func(*User) []byte
	session func(*Session) []byte
	tier    bool // a tier of metadata, which dots go down in
}

// metadataBound is how much one value of metadata may take unless its shortcode says more.
const metadataBound = 256

const (
	idBound   = 64
	textBound = 512
)

var roots = map[string]map[string]*field{
	"user": {
		"id":               {bound: idBound, user: func(u *User) []byte { return quoted(u.ID) }},
		"name":             {bound: textBound, user: func(u *User) []byte { return quoted(u.Name) }},
		"given_name":       {bound: textBound, user: func(u *User) []byte { return quoted(u.GivenName) }},
		"family_name":      {bound: textBound, user: func(u *User) []byte { return quoted(u.FamilyName) }},
		"locale":           {bound: idBound, user: func(u *User) []byte { return quoted(u.Locale) }},
		"role":             {bound: idBound, user: func(u *User) []byte { return quoted(u.Role) }},
		"primary_email":    {bound: textBound, user: func(u *User) []byte { return quoted(u.PrimaryEmail) }},
		"primary_phone":    {bound: idBound, user: func(u *User) []byte { return quoted(u.PrimaryPhone) }},
		"email_verified":   {bound: 5, user: func(u *User) []byte { return strconv.AppendBool(nil, u.EmailVerified) }},
		"phone_verified":   {bound: 5, user: func(u *User) []byte { return strconv.AppendBool(nil, u.PhoneVerified) }},
		"created_at":       {bound: 20, user: func(u *User) []byte { return seconds(u.CreatedAt) }},
		"updated_at":       {bound: 20, user: func(u *User) []byte { return seconds(u.UpdatedAt) }},
		"public_metadata":  {bound: metadataBound, tier: true, user: func(u *User) []byte { return u.PublicMetadata }},
		"private_metadata": {bound: metadataBound, tier: true, user: func(u *User) []byte { return u.PrivateMetadata }},
		"unsafe_metadata":  {bound: metadataBound, tier: true, user: func(u *User) []byte { return u.UnsafeMetadata }},
	},
	"session": {
		"id":        {bound: idBound, session: func(s *Session) []byte { return quoted(s.ID) }},
		"kind":      {bound: idBound, session: func(s *Session) []byte { return quoted(s.Kind) }},
		"acr":       {bound: idBound, session: func(s *Session) []byte { return quoted(s.ACR) }},
		"auth_time": {bound: 20, session: func(s *Session) []byte { return seconds(s.AuthenticatedAt) }},
		"expire_at": {bound: 20, session: func(s *Session) []byte { return seconds(s.ExpiresAt) }},
		"actor.iss": {bound: textBound, session: func(s *Session) []byte { return quoted(s.ActorIssuer) }},
		"actor.sub": {bound: idBound, session: func(s *Session) []byte { return quoted(s.ActorSub) }},
		"actor.sid": {bound: idBound, session: func(s *Session) []byte { return quoted(s.ActorSID) }},
	},
	"client": {
		"id":   {bound: 2 * idBound, session: func(s *Session) []byte { return quoted(s.ClientID) }},
		"name": {bound: textBound, session: func(s *Session) []byte { return quoted(s.ClientName) }},
	},
}

// Names returns every name that a shortcode may begin with, for the people who write templates.
func Names() (list []string) {
	for root, fields := range roots {
		for name := range fields {
			list = append(list, root+"."+name)
		}
	}
	return list
}

func quoted(s string) []byte {
	if s == "" {
		return nil
	}
	return appendQuoted(nil, s)
}

func seconds(t time.Time) []byte {
	if t.IsZero() {
		return nil
	}
	return strconv.AppendInt(nil, t.Unix(), 10)
}
