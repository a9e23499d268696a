package logout

import (
	"time"

	"github.com/curfew-id/curfew/storage"
)

// KindPush is the kind of receipt that stays of an end that was written to a stream on which a client listens.
const KindPush = "push"

// Pushed is the outcome of such a receipt: the stream took it. What listens there has no answer to give (HTML 9.2).
const Pushed = "pushed"

// PushReceipt says that a client that took part in a session was told at an instant, by a stream that it listens to, that the
// session had ended. Of one session and client it has the same id each time: being told again changes nothing.
func PushReceipt(clientID, userID, sessionID string, ended, told time.Time) *storage.Delivery {
	at := storage.At(told)
	return &storage.Delivery{ID: receiptID(sessionID, clientID, ByPush), Kind: KindPush, Receiver: clientID, UserID: userID,
		SessionID: sessionID, Attempts: 1, NextAt: at, CreatedAt: storage.At(ended), ExpiresAt: at, SentAt: at, SettledAt: at,
		Outcome: Pushed}
}
