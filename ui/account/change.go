package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// changeID is the prefix of the ids of changes. It is not that of an authorization request, so that no sign-in can be
// resumed with one, though both are kept in the same place.
const changeID = "chg"

// changeTTL is how long a person has for a change. An address or number that waits for its code waits no longer.
const changeTTL = 15 * time.Minute

// act is what a change is about.
type act string

const (
	actEmail       act = "email"
	actPassword    act = "password"
	actTOTP        act = "totp"
	actTOTPRemove  act = "totp_remove"
	actPhone       act = "phone"
	actPhoneRemove act = "phone_remove"
	actEmailOn     act = "email_on"
	actEmailOff    act = "email_off"
	actRecovery    act = "recovery"
	actConsole     act = "console"
)

// deed is how an act is done: at once by run, or on pages of its own by show and answer.
type deed struct {
	run    func(h *Handlers, v *visit) error
	show   func(h *Handlers, v *visit, c *change, faults page.Errors) error
	answer func(h *Handlers, v *visit, c *change, form *httpx.Params) error
}

func deedOf(a act) deed {
	switch a {
	case actEmail:
		return deed{show: (*Handlers).showEmail, answer: (*Handlers).answerEmail}
	case actPassword:
		return deed{run: (*Handlers).backToSecurity}
	case actTOTP, actConsole:
		return deed{show: (*Handlers).showTOTP, answer: (*Handlers).answerTOTP}
	case actTOTPRemove:
		return deed{run: (*Handlers).removeTOTP}
	case actPhone:
		return deed{show: (*Handlers).showPhone, answer: (*Handlers).answerPhone}
	case actPhoneRemove:
		return deed{run: (*Handlers).removePhone}
	case actEmailOn:
		return deed{run: (*Handlers).emailCodesOn}
	case actEmailOff:
		return deed{run: (*Handlers).emailCodesOff}
	case actRecovery:
		return deed{run: (*Handlers).newRecoveryCodes}
	}
	return deed{}
}

// change is something delicate that a person is about to do. Session binds it to who began it.
type change struct {
	ID      string `json:"-"`
	Act     act    `json:"act"`
	Session string `json:"session"`
	progress
	row *storage.AuthRequest
}

// progress is how far a change has come. It holds no secret: a challenge has none, the seed of an authenticator is sealed
// in its own row.
type progress struct {
	// Proved are the factors proved since the change began, Method the one that is being asked for.
	Proved []factor.Kind `json:"proved,omitempty"`
	Method factor.Kind   `json:"method,omitempty"`
	// Sent is a code that was sent, to prove who the person is or that they read Typed (an address or a number).
	Sent   *factor.Challenge `json:"sent,omitempty"`
	SentAt time.Time         `json:"sent_at,omitzero"`
	Typed  string            `json:"typed,omitempty"`
	// FactorID is the authenticator that is being set up.
	FactorID string `json:"factor_id,omitempty"`
}

func (c *change) path() string { return pathChange + c.ID }

// awaited is the code that was sent to what the person typed, nil for none. One that was sent to prove who they are says
// nothing about it, however it came to lie there: a proof can be asked for in the middle of a change.
func (c *change) awaited(kind factor.Kind) *factor.Challenge {
	if c.Sent == nil || c.Sent.Purpose != factor.PurposeVerify || c.Sent.Kind != kind {
		return nil
	}
	return c.Sent
}

// begin is the handler of an act: it is done at once if the person has proved a moment ago who they are and nothing else
// is asked; otherwise it becomes a stored change.
func (h *Handlers) begin(a act) func(*visit) error {
	return func(v *visit) error {
		if v.r.Method != "GET" && v.r.Method != "HEAD" {
			if _, err := v.form(); err != nil {
				return err
			}
		}
		return h.start(v, a)
	}
}

func (h *Handlers) start(v *visit, a act) error {
	d := deedOf(a)
	if d.run != nil {
		fresh, err := h.fresh(v)
		if err != nil {
			return err
		}
		if fresh {
			return d.run(h, v)
		}
	}
	c := &change{ID: id.New(changeID), Act: a, Session: v.current.ID}
	params, err := json.Marshal(c)
	if err != nil {
		return err
	}
	now := h.Clock.Now()
	c.row = &storage.AuthRequest{ID: c.ID, BrowserHash: secret.Hash(v.current.ID), Params: string(params), Progress: "{}",
		CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(changeTTL))}
	if err := h.Store.InsertAuthRequest(v.r.Context(), c.row); err != nil {
		return err
	}
	return v.goTo(c.path())
}

// errGone: there is no such change in this session, or it is over. The person is led back to where changes begin.
var errGone = errors.New("change has run out, is done, or is of another session")

func (h *Handlers) loadChange(v *visit) (*change, error) {
	changeIDGiven := v.r.PathValue("change")
	if _, err := id.Bytes(changeID, changeIDGiven); err != nil {
		return nil, errNotFound
	}
	row, err := h.Store.AuthRequest(v.r.Context(), changeIDGiven, h.Clock.Now())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	c := &change{ID: row.ID, row: row}
	if err := json.Unmarshal([]byte(row.Params), c); err != nil {
		return nil, fmt.Errorf("change %s: %w", row.ID, err)
	}
	if c.Session != v.current.ID || !secret.Equal(row.BrowserHash, secret.Hash(v.current.ID)) {
		return nil, errGone // somebody else's is as good as none
	}
	if err := json.Unmarshal([]byte(row.Progress), &c.progress); err != nil {
		return nil, fmt.Errorf("change %s: %w", row.ID, err)
	}
	return c, nil
}

// save writes the progress. It returns storage.ErrConflict if the same step was answered meanwhile.
func (h *Handlers) save(v *visit, c *change) error {
	if err := c.encode(); err != nil {
		return err
	}
	return h.Store.AdvanceAuthRequest(v.r.Context(), c.row)
}

// finish closes a change, once: of two that answer its last step one gets storage.ErrConflict.
func (h *Handlers) finish(v *visit, tx *storage.Store, c *change) error {
	if err := c.encode(); err != nil {
		return err
	}
	row := *c.row // a transaction that is rolled back must not have moved the version
	return tx.FinishAuthRequest(v.r.Context(), &row, h.Clock.Now())
}

// finishWith closes a change in the transaction that does it.
func (h *Handlers) finishWith(v *visit, c *change, do func(tx *storage.Store) error) error {
	return again(func() error {
		return h.Store.Tx(v.r.Context(), func(tx *storage.Store) error {
			if err := h.finish(v, tx, c); err != nil {
				return err
			}
			return do(tx)
		})
	})
}

// again repeats what failed because the user's row changed meanwhile: a code that was right is spent, so the person could
// not.
func again(do func() error) (err error) {
	for range 3 {
		if err = do(); !errors.Is(err, storage.ErrConflict) {
			break
		}
	}
	return err
}

func (c *change) encode() error {
	b, err := json.Marshal(c.progress)
	c.row.Progress = string(b)
	return err
}

// backToSecurity ends a change that only wanted a proof: the person types the rest where they were.
func (h *Handlers) backToSecurity(v *visit) error { return v.goTo(page.PathSecurity) }
