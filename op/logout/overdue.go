package logout

import "github.com/curfew-id/curfew/storage"

// Overdue returns what ended a session that is over though its row still says active, because Sweep has not come by yet.
func Overdue(v *storage.SessionView) (c Cause, over bool) {
	if v.Status != storage.StatusActive || v.Stands == storage.StatusActive {
		return c, false
	}
	reason := EpochMoved
	switch v.Stands {
	case storage.StatusExpired:
		reason = Expired
	case storage.StatusAbandoned:
		reason = Idle
	}
	return Cause{Status: v.Stands, Reason: reason, By: System}, true
}
