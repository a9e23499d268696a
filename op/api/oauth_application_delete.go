package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// clientDeleted is why the sessions end that were a deleted application's lasting access.
const clientDeleted logout.Reason = "client_deleted"

// DeleteApplication removes an application in tx with all that its tokens open; the sessions that were its lasting access go
// through the door. By names who did.
func DeleteApplication(ctx context.Context, tx *storage.Store, door *logout.Door, now time.Time, c *client.Client, by string) error {
	cause := logout.Cause{Status: storage.StatusRevoked, Reason: clientDeleted, By: by}
	for after := ""; ; {
		list, err := tx.ClientOfflineSessions(ctx, c.ID, after, 100)
		if err != nil {
			return err
		}
		for _, s := range list {
			after = s.ID
			if _, err := door.End(ctx, tx, s, cause); err != nil {
				return err
			}
		}
		if len(list) < 100 {
			break
		}
	}
	if err := tx.DeleteClient(ctx, c.ID); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Event{Kind: audit.ClientDeleted, At: now, ClientID: c.ID, By: by,
		Data: map[string]any{"before": map[string]string{"client_name": c.ClientName}}})
}

// Differences returns the members in which two objects differ, as they were and as they are: what the audit keeps.
func Differences(before, after any) (was, is map[string]json.RawMessage, err error) {
	return differences(before, after)
}
