package page

import (
	"html/template"
	"slices"
	"strings"
)

// ScopeMeans is a scope of the management API in words; one that has none is its own name.
func (v view) ScopeMeans(scope string) string {
	if !slices.Contains(APIScopes(), scope) {
		return scope
	}
	return v.T("admin.api_key.scope." + scope)
}

// scopesNamed is how many scopes a list says in words before it says how many more there are.
const scopesNamed = 2

// ScopesMean says in a line what a key may do.
func (v view) ScopesMean(scopes []string) string {
	if !slices.ContainsFunc(APIScopes(), func(s string) bool { return !slices.Contains(scopes, s) }) {
		return v.T("admin.api_key.everything")
	}
	named := scopes
	if len(scopes) > scopesNamed+1 { // "and 1 more" would be no shorter
		named = scopes[:scopesNamed]
	}
	var words []string
	for _, s := range named {
		words = append(words, v.ScopeMeans(s))
	}
	line := strings.Join(words, " · ")
	if more := len(scopes) - len(named); more > 0 {
		line += " · " + v.N("admin.api_key.more", more)
	}
	return line
}

// KeyOpens are the scopes of a key in the order of the form, then those that have no words yet.
func (v view) KeyOpens(scopes []string) (list []string) {
	for _, s := range APIScopes() {
		if slices.Contains(scopes, s) {
			list = append(list, s)
		}
	}
	for _, s := range scopes {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// KeyLife says since when there is a key, who made it, when it was used and until when it counts.
func (v view) KeyLife(p Console, r APIKeyRow) template.HTML {
	parts := []template.HTML{v.HTML("admin.api_key.made", v.Link(r.Maker), v.When(p.Now, r.CreatedAt))}
	switch {
	case r.LastUsedAt.IsZero():
		parts = append(parts, v.HTML("admin.api_key.never_used"))
	default:
		parts = append(parts, v.HTML("admin.api_key.used", v.When(p.Now, r.LastUsedAt)))
	}
	switch {
	case r.Revoked():
		parts = append(parts, v.HTML("admin.api_key.revoked_by", v.Link(r.RevokedBy), v.Stamp(r.RevokedAt)))
	case r.Expired:
		parts = append(parts, v.HTML("admin.api_key.expired_at", v.Stamp(r.ExpiresAt)))
	case r.ExpiresAt.IsZero():
		parts = append(parts, v.HTML("admin.api_key.endless"))
	default:
		parts = append(parts, v.HTML("admin.api_key.until", v.Stamp(r.ExpiresAt)))
	}
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteString(" · ")
		}
		b.WriteString(string(part))
	}
	return template.HTML(b.String())
}

// ScopesField asks what a key may do. What the maker's role may not is not there.
func (v view) ScopesField(p AdminAPIKeyForm) picks {
	f := picks{field: v.field(p.Form, "scopes", false)}
	f.Label, f.Hint = v.T("admin.api_key.scopes"), v.T("admin.api_key.scopes_hint")
	for _, g := range APIScopeGroups() {
		shown := pickGroup{Name: v.T("admin.api_key.group." + g.Name)}
		for _, s := range g.Scopes {
			if slices.Contains(p.Offered, s) {
				shown.Picks = append(shown.Picks, pick{Type: "checkbox", ID: "f-scopes-" + strings.ReplaceAll(s, ":", "-"), Name: "scopes",
					Value: s, Label: s, Code: true, More: v.ScopeMeans(s), Checked: slices.Contains(p.Chosen, s)})
			}
		}
		if len(shown.Picks) > 0 {
			f.Groups = append(f.Groups, shown)
		}
	}
	return f
}

// KeyNameInput asks what a key is for.
func (v view) KeyNameInput(p AdminAPIKeyForm) control {
	c := v.Needed(p.Form, "key_name", v.T("admin.api_key.name"), v.T("admin.api_key.name_hint"), p.Name)
	c.Max = 200
	return c
}

// TTLChoice is a Choice among how long a key counts.
func (v view) TTLChoice(p AdminAPIKeyForm) control {
	var list []Option
	for _, t := range APIKeyTTLs() {
		list = append(list, Option{t, v.T("admin.api_key.ttl." + t)})
	}
	c := v.Choice(p.Form, "ttl", v.T("admin.api_key.ttl"), p.TTL, list)
	c.Hint = v.T("admin.api_key.ttl_hint")
	return c
}

// KeyStateChoice is a Choice among what keys can be.
func (v view) KeyStateChoice(form Form, value string) control {
	list := []Option{{"", v.T("admin.any")}}
	for _, s := range APIKeyStates() {
		list = append(list, Option{s, v.T("admin.api_key.state." + s)})
	}
	return v.Choice(form, "state", v.T("admin.status"), value, list)
}
