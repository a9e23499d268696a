package signin

import (
	"context"
	"errors"
	"net/http"

	"golang.org/x/text/language"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/storage"
)

var letterLanguages = func() language.Matcher {
	var tags []language.Tag
	for _, l := range delivery.Locales {
		tags = append(tags, language.Make(l))
	}
	return language.NewMatcher(tags)
}()

// locale is the language of letters: what the client asked for, else what the browser prefers. It does not depend on
// whether there is a user, whose own setting only the mailbox would see and everybody could time.
func locale(r *http.Request, flow *authflow.Flow) string {
	var wanted []language.Tag
	if flow != nil {
		for _, l := range flow.UILocales {
			if tag, err := language.Parse(l); err == nil {
				wanted = append(wanted, tag)
			}
		}
	}
	accept := r.Header.Get("Accept-Language")
	if tags, _, err := language.ParseAcceptLanguage(accept[:min(len(accept), 256)]); err == nil {
		wanted = append(wanted, tags...)
	}
	_, i, _ := letterLanguages.Match(wanted...)
	return delivery.Locales[i]
}

// mail writes a letter and hands it over to be sent after this request was answered. What cannot be taken is logged by
// the Outbox, and the person can ask again.
func (h *Handlers) mail(r *http.Request, flow *authflow.Flow, kind delivery.Kind, to string, f delivery.Facts) error {
	f.Service, f.Host = h.Service, h.host
	letter, err := delivery.Write(kind, locale(r, flow), to, f)
	if err != nil {
		return err
	}
	return posted(h.Outbox.Mail(letter))
}

// text is mail for an SMS.
func (h *Handlers) text(r *http.Request, flow *authflow.Flow, to string, f delivery.Facts) error {
	f.Service, f.Host = h.Service, h.host
	sms, err := delivery.WriteSMS(locale(r, flow), to, f)
	if err != nil {
		return err
	}
	return posted(h.Outbox.Text(sms))
}

func posted(err error) error {
	if errors.Is(err, delivery.ErrOutboxFull) || errors.Is(err, delivery.ErrOutboxClosed) {
		return nil
	}
	return err
}

// tellNewSignIn tells the owner that somebody signed in on a browser that was never used for the account. That the letter
// could not be written must not undo the sign-in.
func (h *Handlers) tellNewSignIn(v *visit) {
	h.tell(v.r, v.flow, v.flow.UserID, delivery.NewSignIn, h.base+"/account/sessions")
}

// tell sends news of an account to its owner.
func (h *Handlers) tell(r *http.Request, flow *authflow.Flow, userID string, kind delivery.Kind, url string) {
	person, err := h.Users.Person(r.Context(), userID)
	if err == nil && person.EmailValue != "" {
		f := delivery.Facts{At: h.Clock.Now(), URL: url}
		if addr := httpx.ClientAddr(r.Context()); addr.IsValid() {
			f.Network = addr.String()
		}
		err = h.mail(r, flow, kind, person.EmailValue, f)
	}
	if err != nil {
		h.Log.WarnContext(r.Context(), "owner not told", "kind", kind, "error", err)
	}
}

// findUser returns the user with a normalised address, nil for nobody, with as many reads.
func (h *Handlers) findUser(ctx context.Context, email string) (*storage.User, error) {
	row, err := h.Users.ByEmail(ctx, email)
	if !errors.Is(err, storage.ErrNotFound) {
		return row, err
	}
	if _, err := h.Store.User(ctx, ""); err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	return nil, nil
}
