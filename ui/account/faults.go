package account

import (
	"errors"

	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/ui/page"
)

// errSend: the outbox takes no more.
var errSend = errors.New("message not taken")

// faults says in words why something that was typed into field does not count. It returns nil for nil, and the error
// itself where it is none of the person's.
func (h *Handlers) faults(field string, err error) (page.Errors, error) {
	var throttled *factor.Throttled
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &throttled):
		return page.Fault("", page.TooManyTries, seconds(throttled.RetryAfter)), nil
	case errors.Is(err, errSend):
		return page.Fault("", page.SendFailed), nil
	case errors.Is(err, factor.ErrSpent):
		return page.Fault(field, page.CodeExpired), nil
	case errors.Is(err, factor.ErrWrong) && field == "code":
		return page.Fault(field, page.CodeWrong), nil
	case errors.Is(err, factor.ErrWrong):
		return page.Fault(field, page.CurrentWrong), nil
	case errors.Is(err, factor.ErrPasswordTooShort):
		return page.Fault(field, page.PasswordTooShort, h.MinPasswordLength), nil
	case errors.Is(err, factor.ErrPasswordTooLong):
		return page.Fault(field, page.PasswordTooLong, factor.MaxPasswordLength), nil
	case errors.Is(err, factor.ErrPasswordCommon):
		return page.Fault(field, page.PasswordCommon), nil
	case errors.Is(err, factor.ErrPasswordBreached):
		return page.Fault(field, page.PasswordBreached), nil
	case errors.Is(err, factor.ErrPasswordPersonal):
		return page.Fault(field, page.PasswordPersonal), nil
	case errors.Is(err, factor.ErrPasswordUnusable):
		return page.Fault(field, page.TryAgain), nil
	case errors.Is(err, user.ErrEmail):
		return page.Fault(field, page.EmailMalformed), nil
	case errors.Is(err, user.ErrPhone):
		return page.Fault(field, page.PhoneMalformed), nil
	}
	return nil, err
}
