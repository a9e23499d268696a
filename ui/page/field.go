package page

import (
	"maps"
	"slices"
)

// field is one labelled control of a form. The methods of view that make one
// keep name, type and autocomplete together: the values are those that browsers and
// password managers look for (HTML, section 4.10.18.7).
type field struct {
	view
	ID, Name, Type, Value  string
	Label, Hint            string
	Complete, Mode         string // autocomplete, inputmode
	Min, Max               int    // length in characters
	Required, Focus, Alert bool
	Fault                  string
}

// fieldOrder is the order in which the summary names faulty fields.
var fieldOrder = []string{"", "email", "name", "phone", "current_password", "new_password", "password", "code", "locale", "url"}

// faulty returns the faulty fields of f in the order of fieldOrder.
func faulty(f Form) []string {
	var names []string
	for _, n := range fieldOrder {
		if _, ok := f.Errors[n]; ok {
			names = append(names, n)
		}
	}
	// The console's fields follow by name.
	for _, n := range slices.Sorted(maps.Keys(f.Errors)) {
		if !slices.Contains(fieldOrder, n) {
			names = append(names, n)
		}
	}
	return names
}

// field fills in what every control has. A single fault is announced where it
// stands; more are announced by the summary. The focus goes to the first fault.
func (v view) field(form Form, name string, focus bool) field {
	f := field{view: v, ID: "f-" + name, Name: name, Type: "text", Focus: focus, Required: true, Max: 320}
	names := faulty(form)
	if m, ok := form.Errors[name]; ok {
		f.Fault = v.Text(m)
		f.Alert = len(names) == 1
	}
	for _, n := range names {
		if n != "" {
			f.Focus = n == name
			break
		}
	}
	return f
}

// EmailField asks for the address that is the account's name.
func (v view) EmailField(form Form, value string) field {
	f := v.field(form, "email", true)
	f.Type, f.Value, f.Label, f.Complete, f.Mode = "email", value, v.T("field.email"), "username", "email"
	return f
}

// NameField asks for a name.
func (v view) NameField(form Form, value string) field {
	f := v.field(form, "name", false)
	f.Value, f.Label, f.Complete, f.Required, f.Max = value, v.T("field.name"), "name", false, 200
	return f
}

// PasswordField asks for the password of an account that exists.
func (v view) PasswordField(form Form) field {
	f := v.field(form, "password", true)
	f.Type, f.Label, f.Complete, f.Max = "password", v.T("field.password"), "current-password", 1024
	return f
}

// CurrentPasswordField is PasswordField beside a new one.
func (v view) CurrentPasswordField(form Form) field {
	f := v.field(form, "current_password", false)
	f.Type, f.Label, f.Complete, f.Max = "password", v.T("field.current_password"), "current-password", 1024
	return f
}

// NewPasswordField asks for a password to be set. NIST SP 800-63B 3.1.1.2: a least
// length and no rules of composition.
func (v view) NewPasswordField(form Form, name string, least int, focus bool) field {
	f := v.field(form, name, focus)
	f.Type, f.Label, f.Complete, f.Min, f.Max = "password", v.T("field.new_password"), "new-password", least, 1024
	if name == "password" {
		f.Label = v.T("field.password")
	}
	f.Hint = v.T("hint.password", least)
	return f
}

// CodeField asks for a code of six digits. Its type is text: a number field drops
// leading zeros and steps on the wheel.
func (v view) CodeField(form Form, label string) field {
	f := v.field(form, "code", true)
	f.Label, f.Complete, f.Mode, f.Max = label, "one-time-code", "numeric", 16
	return f
}

// RecoveryField asks for a recovery code, which no browser should fill in or keep.
func (v view) RecoveryField(form Form) field {
	f := v.field(form, "code", true)
	f.Label, f.Hint, f.Complete, f.Max = v.T("field.recovery_code"), v.T("hint.recovery_code"), "off", 64
	return f
}

// PhoneField asks for a phone number.
func (v view) PhoneField(form Form, value string) field {
	f := v.field(form, "phone", true)
	f.Type, f.Value, f.Label, f.Hint, f.Complete, f.Mode, f.Max = "tel", value, v.T("field.phone"), v.T("hint.phone"), "tel", "tel", 32
	return f
}

// summary is what the part "summary" shows.
type summary struct {
	view
	Whole  string // the fault of the form as a whole
	Faults []fault
}

// fault is one line of a summary, with the field it leads to.
type fault struct {
	ID, Text string
}

// Summary gathers the faults of a form above it: always the one of the whole form, and
// the fields' when there are several.
func (v view) Summary(form Form) summary {
	s := summary{view: v}
	names := faulty(form)
	for _, n := range names {
		text := v.Text(form.Errors[n])
		switch {
		case n == "":
			s.Whole = text
		case len(names) > 1:
			s.Faults = append(s.Faults, fault{ID: "f-" + n, Text: text})
		}
	}
	return s
}
