package ended

import (
	"net/http"

	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// Notices finds what there is to say.
type Notices struct {
	Issuer   string
	Sessions *session.Sessions
	Door     *logout.Door
}

// Take adds to b why the session that the browser shows has ended, unless b has something to say already, and the apps that
// have not been told by this browser yet (OpenID Connect Front-Channel Logout 1.0 section 3). It must only be called for a
// page that is sent, with a method that shows it: each app is told once. The words stay until the person goes on, since
// they may have several tabs open.
func (n Notices) Take(r *http.Request, b *page.Base) error {
	v, err := n.Sessions.Ended(r)
	if err != nil || v == nil {
		return err
	}
	if b.Notice.Key == "" {
		b.Notice = Why(v).Notice()
		if v.ActorSub != "" { // it speaks to the actor, and whatever it was that ended the session, it was not theirs
			b.Notice = page.EndSupport.Notice()
		}
	}
	b.Frames, err = n.Door.FrontChannel(r.Context(), n.Issuer, &v.Session)
	return err
}

// Why says why a session ended, whether or not it has been taken through the door.
func Why(v *storage.SessionView) page.End {
	reason, by := logout.Reason(v.EndReason), v.EndedBy
	if c, over := logout.Overdue(v); over {
		reason, by = c.Reason, c.By
	}
	switch reason {
	case logout.SignedOut, logout.DeviceForgotten:
		return page.EndSignedOut
	case logout.Replaced:
		return page.EndReplaced
	case logout.Expired:
		return page.EndExpired
	case logout.Idle:
		return page.EndIdle
	case logout.PasswordChanged:
		return page.EndPassword
	case logout.UserDisabled, logout.UserDeleted:
		return page.EndDisabled
	case logout.RefreshReused, logout.CodeReused:
		return page.EndSafety
	case logout.ConsentGone:
		return page.EndConsent
	case logout.ActorStopped, logout.ActorEnded, logout.ActorRevoked, logout.PolicyChanged:
		return page.EndSupport
	case logout.ClientEnded, logout.AllEnded:
		return page.EndOperator
	case logout.Revoked:
		if by == v.UserID {
			return page.EndElsewhere
		}
		return page.EndOperator
	}
	return page.EndOther
}
