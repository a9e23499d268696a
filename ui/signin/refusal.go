package signin

import (
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// refusal is an answer that was not accepted; its page is shown again.
type refusal struct {
	status int
	retry  int // seconds, 0 for none
	faults page.Errors
}

func (*refusal) Error() string { return "answer refused" }

func refuse(field string, key page.Key, args ...any) error {
	return &refusal{status: http.StatusUnprocessableEntity, faults: page.Fault(field, key, args...)}
}

func later(status int, wait time.Duration) error {
	seconds := max(1, int(math.Ceil(wait.Seconds())))
	key, args := page.TooManyTries, []any{seconds}
	if status == http.StatusServiceUnavailable {
		key, args = page.TryAgain, nil
	}
	return &refusal{status: status, retry: seconds, faults: page.Fault("", key, args...)}
}

// delayed turns the errors that mean "not now" into a refusal, and returns every other as it is.
func delayed(err error) error {
	var throttled *factor.Throttled
	switch {
	case errors.As(err, &throttled):
		return later(http.StatusTooManyRequests, throttled.RetryAfter)
	case errors.Is(err, session.ErrLimit):
		return &refusal{status: http.StatusConflict, faults: page.Fault("", page.TooManySessions)}
	case errors.Is(err, factor.ErrBusy):
		return later(http.StatusServiceUnavailable, factor.BusyRetryAfter)
	}
	return err
}

// unproved turns the error of a check into a refusal of the field and writes the failure down, without anything that was
// typed. Of tries that were throttled the first is written: the ones before it are, and a flood must not fill the audit.
func (h *Handlers) unproved(v *visit, kind factor.Kind, field string, wrong page.Key, err error) error {
	event, reason, answer := audit.SignInFailed, "wrong", refuse(field, wrong)
	var throttled *factor.Throttled
	switch {
	case errors.Is(err, factor.ErrWrong):
	case errors.Is(err, authflow.ErrNobody):
		reason = "user_disabled"
	case errors.Is(err, factor.ErrSpent):
		reason, answer = "spent", refuse(field, page.CodeExpired)
	case errors.As(err, &throttled) && throttled.First:
		event, reason, answer = audit.SignInThrottled, "too_many_tries", delayed(err)
	default:
		return delayed(err)
	}
	if err := h.writeFailure(v, event, map[string]any{"factor": kind, "reason": reason}); err != nil {
		return err
	}
	return answer
}

// writeFailure is in a transaction of its own: nothing that fails with the try may take the event back.
func (h *Handlers) writeFailure(v *visit, kind audit.Kind, data map[string]any) error {
	e := audit.Event{Kind: kind, At: h.Clock.Now(), UserID: v.flow.UserID, ClientID: v.flow.ClientID, By: v.flow.UserID, Data: data}
	if hash := h.Sessions.KnownBrowser(v.r); hash != nil {
		device, err := h.Store.DeviceByCookie(v.ctx, hash)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		if err == nil {
			e.DeviceID = device.ID
		}
	}
	return h.Store.Tx(v.ctx, func(tx *storage.Store) error { return audit.Write(v.ctx, tx, e) })
}

// unacceptable turns the reason for which a new password was refused into a refusal of the field.
func (h *Handlers) unacceptable(err error) error {
	for reason, key := range map[error]page.Key{
		factor.ErrPasswordCommon: page.PasswordCommon, factor.ErrPasswordPersonal: page.PasswordPersonal,
		factor.ErrPasswordBreached: page.PasswordBreached, factor.ErrPasswordUnusable: page.TryAgain,
	} {
		if errors.Is(err, reason) {
			return refuse("password", key)
		}
	}
	switch {
	case errors.Is(err, factor.ErrPasswordTooShort):
		return refuse("password", page.PasswordTooShort, h.MinPassword)
	case errors.Is(err, factor.ErrPasswordTooLong):
		return refuse("password", page.PasswordTooLong, factor.MaxPasswordLength)
	}
	return delayed(err)
}
