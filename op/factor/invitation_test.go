package factor

import (
	"testing"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// An address that nobody has proved is proved by the link of an invitation, and by no other.
func TestInvitationProvesTheAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		now := storage.At(w.clock.Now())
		row := &storage.User{ID: id.New(id.User), Status: storage.UserActive, PublicMetadata: "{}", PrivateMetadata: "{}", UnsafeMetadata: "{}",
			CreatedAt: now, UpdatedAt: now}
		const address = "new@example.com"
		wantErr(t, "insert", w.store.InsertUser(ctx, row, &storage.Identifier{Kind: storage.IdentifierEmail, Value: address, UserID: row.ID,
			Display: address, IsPrimary: true, CreatedAt: now}), nil)
		who := Who{UserID: row.ID, Identifier: address}

		reset, err := w.StartReset(ctx, who, address, "")
		wantErr(t, "reset", err, nil)
		_, err = w.OpenReset(ctx, reset)
		wantErr(t, "a reset of what is not verified", err, ErrSpent)

		token, err := w.StartInvitation(ctx, who, address)
		wantErr(t, "invitation", err, nil)
		w.clock.Advance(InvitationTTL - ResetTTL)
		if r, err := w.OpenReset(ctx, token); err != nil || r != (Reset{UserID: row.ID, Invited: true}) {
			t.Fatalf("%+v, %v", r, err)
		}
		late := token
		if won := race(func(int) error { return w.finish(t, token, "quiet herons at noon") }); won != 1 {
			t.Errorf("%d of twenty won", won)
		}
		list, err := w.store.Identifiers(ctx, row.ID)
		if err != nil || len(list) != 1 || !list[0].VerifiedAt.Set() {
			t.Errorf("%+v, %v", list, err)
		}
		events, err := w.store.QueryAuditEvents(ctx, storage.AuditQuery{UserID: row.ID, Kind: string(audit.IdentifierVerified), Limit: 9})
		if err != nil || len(events) != 1 {
			t.Errorf("%d events, %v", len(events), err)
		}
		_, err = w.OpenReset(ctx, late)
		wantErr(t, "used", err, ErrSpent)
		_, err = w.StartInvitation(ctx, who, address)
		wantErr(t, "again", err, ErrHasPassword)
	})
}

func TestInvitationRunsOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		token, err := w.StartInvitation(ctx, who, "user@example.com")
		wantErr(t, "invitation", err, nil)
		w.clock.Advance(InvitationTTL)
		_, err = w.OpenReset(ctx, token)
		wantErr(t, "too late", err, ErrSpent)
	})
}

// Who has been in their account, by a code, has something in it to lose: a mail that is days old opens it no more.
func TestInvitationIsSpentByASignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		token, err := w.StartInvitation(ctx, who, "user@example.com")
		wantErr(t, "invitation", err, nil)
		_, err = w.OpenReset(ctx, token)
		wantErr(t, "before", err, nil)
		wantErr(t, "sign-in", w.store.SignedIn(ctx, who.UserID, w.clock.Now()), nil)
		_, err = w.OpenReset(ctx, token)
		wantErr(t, "after", err, ErrSpent)
		wantErr(t, "setting one", w.finish(t, token, "quiet herons at noon"), ErrSpent)
	})
}
