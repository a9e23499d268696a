package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// metadataForms are the three tiers, as JSON that people can read.
func metadataForms(v *visit, u *storage.User, action string) (list []page.MetadataForm) {
	if !v.mayOn(UsersWrite, u) {
		action = ""
	}
	for _, tier := range page.Tiers() {
		list = append(list, page.MetadataForm{Form: page.Form{Action: action}, Tier: tier, JSON: indented(*tierOf(u, tier)), Version: u.Version})
	}
	return list
}

func tierOf(u *storage.User, tier string) *string {
	return map[string]*string{"public": &u.PublicMetadata, "private": &u.PrivateMetadata, "unsafe": &u.UnsafeMetadata}[tier]
}

func indented(s string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(s), "", "  "); err != nil {
		return s
	}
	return b.String()
}

// saveMetadata merges what was typed into a tier, as the API's does, or puts it in the place of what was there.
func (h *Handlers) saveMetadata(v *visit) error {
	u, err := h.changeable(v)
	if err != nil {
		return err
	}
	form, err := v.form()
	if err != nil {
		return err
	}
	m := page.MetadataForm{Tier: form.Get("tier"), JSON: form.Get("json"), Replace: form.Get("how") == "replace"}
	if !slices.Contains(page.Tiers(), m.Tier) {
		return errBadForm
	}
	if m.Version, err = strconv.ParseInt(form.Get("version"), 10, 64); err != nil {
		return errBadForm
	}
	was := *tierOf(u.User, m.Tier)
	if m.Replace {
		was = "{}"
	}
	next, err := merged(was, m.JSON, m.Replace)
	switch {
	case errors.Is(err, user.ErrMetadataTooLarge):
		m.Errors = page.Fault("json", page.JSONTooLarge, user.MaxMetadata)
	case err != nil:
		m.Errors = page.Errors{"json": jsonFault(m.JSON)}
	case m.Version != u.Version: // somebody changed the user since this page was read
		m.Errors, m.Version = page.Fault("", page.ChangedMeanwhile), u.Version
	}
	if m.Errors != nil {
		return h.user(v, &m)
	}
	row := *u.User
	*tierOf(&row, m.Tier) = next
	err = h.Users.Update(v.r.Context(), h.Store, h.Door, &row, v.by())
	if errors.Is(err, storage.ErrConflict) {
		m.Errors = page.Fault("", page.ChangedMeanwhile)
		return h.user(v, &m)
	}
	if err != nil {
		return err
	}
	return v.done(userURL(u.ID)+"#metadata", page.Saved)
}

// merged is what a tier becomes. The JSON is read as a whole first: what follows behind an object is a mistake.
func merged(was, typed string, replace bool) (string, error) {
	if !json.Valid([]byte(typed)) {
		return "", user.ErrMetadataNoObject
	}
	b, err := user.MergeMetadata([]byte(was), []byte(typed))
	if err != nil {
		return "", err
	}
	if replace { // a member that is null stays one
		var c bytes.Buffer
		if err := json.Compact(&c, []byte(typed)); err != nil {
			return "", err
		}
		if c.Len() > user.MaxMetadata {
			return "", user.ErrMetadataTooLarge
		}
		return c.String(), nil
	}
	return string(b), nil
}

// jsonFault says what is wrong with what was typed in the place of a JSON object, and where. Columns count characters, from 1.
func jsonFault(typed string) page.Message {
	d := json.NewDecoder(strings.NewReader(typed))
	var value any
	err := d.Decode(&value)
	at := d.InputOffset()
	var wrong *json.SyntaxError
	switch {
	case strings.TrimSpace(typed) == "":
		return page.Msg(page.JSONNoObject)
	case errors.As(err, &wrong):
		at = wrong.Offset - 1 // it counts the byte that is wrong
	case err != nil: // it ends in the middle
		at = int64(len(typed))
	case strings.TrimSpace(typed[at:]) == "":
		return page.Msg(page.JSONNoObject)
	default: // something follows
		at += int64(len(typed[at:]) - len(strings.TrimLeft(typed[at:], " \t\r\n")))
	}
	before := typed[:min(max(at, 0), int64(len(typed)))]
	line := strings.Count(before, "\n") + 1
	return page.Msg(page.JSONAt, line, utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])+1)
}
