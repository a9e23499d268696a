package factor

import (
	"context"
	"slices"
	"strings"
	"time"
)

// administering are the factors that open what a role opens, beside the recovery codes that stand in for them. A code by
// mail is none: whoever reads the mailbox resets the password by it as well, so the mailbox alone would be both factors.
// SP 800-63B 5.1.3.1 says the same: what does not prove possession of a specific device, such as e-mail, shall not be used
// for out-of-band authentication. Codes by SMS it restricts (5.1.3.3): they hang on a phone number, which a carrier can be
// talked out of, but not on the mailbox. They count here; who wants it stricter offers no SMS.
var administering = []Kind{KindTOTP, KindSMS}

// Independent tells whether among the kinds is one that opens what a role opens.
func Independent(has []Kind) bool {
	return slices.ContainsFunc(has, func(k Kind) bool { return slices.Contains(administering, k) })
}

// MultiFactor tells whether the proofs are two factors also against whoever has the mailbox.
func MultiFactor(proved ...Kind) bool {
	return channels(proved) > 1 &&
		slices.ContainsFunc(proved, func(k Kind) bool { return slices.Contains(administering, k.channel()) })
}

// Administers tells whether a session opens what the role of its user allows: console, management API, the streams of both.
// It is the only place that says so. The session was proved by two factors of which neither rests on the mailbox (acr and
// amr as the session has them), and by one that the user still has: with an authenticator that was lost and removed go the
// sessions that it opened. at is when the session was last proved.
func (f *Factors) Administers(ctx context.Context, userID, acr, amr string, at time.Time) (bool, error) {
	if !Satisfies(acr, ACRMulti) || !slices.Contains(strings.Fields(amr), amrMulti) {
		return false, nil
	}
	kinds := make([]string, len(administering))
	for i, k := range administering {
		kinds[i] = string(k)
	}
	rows, err := f.store.Factors(ctx, userID, kinds...)
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		if r.ConfirmedAt.Set() && !r.ConfirmedAt.After(at) { // one set up later was not what proved it
			return true, nil
		}
	}
	return false, nil
}
