package logout_test

import (
	"context"
	"testing"
	"time"
)

// A use that is being written while the sweep looks is not overlooked: the session that nobody seemed to use goes on, and so do its
// refresh tokens. Its neighbour, which nobody uses, ends.
func TestSweepSparesWhatIsUsed(t *testing.T) {
	crowds(t, func(c *crowd) {
		c.add(2)
		c.clock.Advance(time.Hour)
		tx, err := c.db.BeginTx(context.Background(), nil)
		c.must(err)
		used := c.clock.Now().Add(-time.Second).UnixMicro()
		if c.number(`SELECT count(*) FROM sessions WHERE status = 'active'`) != 2 {
			t.Fatal("the sessions are not there")
		}
		_, err = tx.ExecContext(t.Context(), `UPDATE sessions SET last_active_at = $1 WHERE id = 'ses_1'`, used)
		c.must(err)
		swept := make(chan error, 1)
		go func() { _, err := c.Sweep(context.Background(), 10); swept <- err }()
		select {
		case err := <-swept:
			t.Errorf("the sweep did not wait: %v", err)
		case <-time.After(300 * time.Millisecond):
		}
		c.must(tx.Commit())
		c.must(<-swept)
		_, err = c.Sweep(t.Context(), 10)
		c.must(err)
		if n := c.number(`SELECT count(*) FROM sessions WHERE id = 'ses_1' AND status = 'active'`); n != 1 {
			t.Error("a session that was used has ended")
		}
		c.wantEnded(1)
		c.clock.Advance(time.Hour)
		_, err = c.Sweep(t.Context(), 10)
		c.must(err)
		c.wantEnded(2)
	})
}
