package user

import (
	"slices"
	"strings"
)

// Claims are the standard claims about a person that curfew knows (OpenID Connect Core 5.1).
var Claims = []string{"sub", "name", "given_name", "family_name", "locale", "updated_at",
	"email", "email_verified", "phone_number", "phone_number_verified"}

// scopeClaims says which claims a scope asks for (Core 5.4).
var scopeClaims = map[string][]string{
	"profile": {"name", "given_name", "family_name", "locale", "updated_at"},
	"email":   {"email", "email_verified"},
	"phone":   {"phone_number", "phone_number_verified"},
}

// ScopeOf returns the scope that asks for a claim, empty for one that belongs to none.
func ScopeOf(claim string) string {
	for scope, names := range scopeClaims {
		if slices.Contains(names, claim) {
			return scope
		}
	}
	return ""
}

// Claims returns the claims that a scope and the names of the claims parameter ask for; what is not known is left out.
func (p *Person) Claims(scope string, names []string) map[string]any {
	asked := slices.Clone(names)
	for _, s := range strings.Fields(scope) {
		asked = append(asked, scopeClaims[s]...)
	}
	out := map[string]any{}
	for _, name := range asked {
		if v := p.claim(name); v != nil {
			out[name] = v
		}
	}
	return out
}

func (p *Person) claim(name string) any {
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	switch name {
	case "name":
		return text(p.Name)
	case "given_name":
		return text(p.GivenName)
	case "family_name":
		return text(p.FamilyName)
	case "locale":
		return text(p.Locale)
	case "updated_at":
		return p.UpdatedAt.Unix()
	case "email":
		return text(p.Email)
	case "email_verified":
		if p.Email != "" {
			return p.EmailVerified
		}
	case "phone_number":
		return text(p.Phone)
	case "phone_number_verified":
		if p.Phone != "" {
			return p.PhoneVerified
		}
	}
	return nil
}
