package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Names of the faults.
const (
	faultKill          = "kill"
	faultRestart       = "postgres-restart"
	faultCrash         = "postgres-crash"
	faultNotifications = "notifications"
	faultClock         = "clock"
	faultHang          = "hang"
	faultApps          = "apps"
)

// faults are what can break while sessions end. Each works until ctx ends and returns what kept it from breaking anything.
var faults = map[string]func(ctx context.Context, r *rig) error{
	faultKill:          killReplica,
	faultRestart:       restartPostgres,
	faultCrash:         crashPostgres,
	faultNotifications: cutNotifications,
	faultClock:         nothing, // the replicas are started with it
	faultHang:          nothing, // an app is registered that does
	faultApps:          nothing,
}

func faultNames() []string { return slices.Sorted(maps.Keys(faults)) }

func nothing(context.Context, *rig) error { return nil }

// clocksOff is how wrong the replicas' machines are.
func clocksOff(fault string) (off [replicas]time.Duration) {
	if fault == faultClock {
		off[0], off[1] = 5*time.Minute, -5*time.Minute
	}
	return off
}

// breakThings has the fault of the run go on while sessions end and are watched. mended stops it and returns its error.
func (r *rig) breakThings(ctx context.Context) (mended func() error) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var err error
	if do := faults[r.Fault]; do != nil {
		wg.Go(func() { err = do(ctx, r) })
	}
	return func() error { cancel(); wg.Wait(); return err }
}

// killReplica takes a replica away in the middle, as a power cut does: what was under way in it is lost, and with it every
// stream to it.
func killReplica(ctx context.Context, r *rig) error {
	if !pause(ctx, r.Window/2) {
		return errors.New("over before a replica was killed")
	}
	progress("kill -9 a replica")
	err := r.replicas[0].kill()
	r.balance.remove(r.replicas[0].addr)
	return err
}

var errNotOurs = errors.New("only a PostgreSQL of this run's own can be restarted")

// restartPostgres stops the database in order ("fast": connections are cut, transactions rolled back) and starts it again.
func restartPostgres(ctx context.Context, r *rig) error {
	if r.database == nil {
		return errNotOurs
	}
	if !pause(ctx, r.Window/2) {
		return errors.New("over before PostgreSQL was restarted")
	}
	progress("restart PostgreSQL, fast")
	return r.database.Restart(ctx)
}

// crashPostgres is "immediate": no checkpoint, and recovery from the log at the start.
func crashPostgres(ctx context.Context, r *rig) error {
	if r.database == nil {
		return errNotOurs
	}
	if !pause(ctx, r.Window/2) {
		return errors.New("over before PostgreSQL was restarted")
	}
	progress("restart PostgreSQL, immediately")
	if err := syscall.Kill(r.database.Pid(), syscall.SIGQUIT); err != nil {
		return err
	}
	return r.database.Restart(ctx)
}

// cutNotifications ends every connection that listens, again and again, until the run is over. A replica listens again
// after a second, so it hears next to nothing.
func cutNotifications(ctx context.Context, r *rig) error {
	cut := 0
	for pause(ctx, 50*time.Millisecond) {
		_ = r.connected(ctx, func(conn *pgx.Conn) error {
			for pause(ctx, 50*time.Millisecond) {
				tag, err := conn.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
					WHERE datname = current_database() AND query ILIKE 'LISTEN%' AND pid <> pg_backend_pid()`)
				if err != nil {
					return err
				}
				cut += int(tag.RowsAffected())
			}
			return nil
		})
	}
	progress("cut %d listening connections", cut)
	if cut < replicas {
		return errors.New("no notifications were cut")
	}
	return nil
}
