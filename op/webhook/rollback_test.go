package webhook_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
)

var errUndone = errors.New("undone")

// Whatever is undone is not told: each act that is told of is done once so that its transaction fails at the very end, when the
// message stands in it, and once for good.
func TestNothingUndoneIsTold(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.Context()
		sealer, err := secret.NewSealer(make([]byte, 32))
		w.must(err)
		factors := factor.New(w.store, factor.Options{Clock: w.clock, Sealer: sealer, Key: make([]byte, 32)})
		e, _ := w.endpoint(webhook.Fields{URL: "https://app.example.com/"})
		u := w.person("ada@example.com")
		told := len(w.log(e.ID))
		var s *storage.Session
		within := func(kind audit.Kind) func(*storage.Store) error {
			return func(tx *storage.Store) error {
				return audit.Write(ctx, tx, audit.Event{Kind: kind, At: w.clock.Now(), UserID: u.ID, By: u.ID})
			}
		}
		for _, act := range []struct {
			name string
			do   func(tx *storage.Store) error
			says []string
		}{
			{"create", func(tx *storage.Store) error {
				_, err := w.users.Create(ctx, tx, user.NewUser{Email: "b@example.com", Kind: audit.SignedUp})
				return err
			}, []string{"user.created"}},
			{"update", func(tx *storage.Store) error {
				row, err := tx.User(ctx, u.ID)
				w.must(err)
				row.UnsafeMetadata = `{"theme":"dark"}`
				return w.users.Update(ctx, tx, w.door, row, "test")
			}, []string{"user.updated"}},
			{"profile", func(tx *storage.Store) error {
				return user.New(tx, w.clock).UpdateProfile(ctx, u.ID, user.Profile{Name: "Ada B. Example"})
			}, []string{"user.updated"}},
			{"email", func(tx *storage.Store) error {
				_, err := w.users.ChangeEmail(ctx, tx, u.ID, "ada.b@example.com")
				return err
			}, []string{"user.updated"}},
			{"phone", func(tx *storage.Store) error { return w.users.SetPhone(ctx, tx, u.ID, "+15550100") }, []string{"user.updated"}},
			{"no phone", func(tx *storage.Store) error { return w.users.RemovePhone(ctx, tx, u.ID) }, []string{"user.updated"}},
			{"password changed", within(audit.PasswordChanged), []string{"user.updated"}},
			{"password reset", within(audit.PasswordReset), []string{"user.updated"}},
			{"factor added", within(audit.FactorAdded), []string{"user.updated"}},
			{"factor removed", within(audit.FactorRemoved), []string{"user.updated"}},
			{"recovery codes", within(audit.RecoveryCodesMade), []string{"user.updated"}},
			{"reset begun", within(audit.PasswordResetBegun), nil}, // nothing of the user changes before they answer it
			{"recovery code used", within(audit.RecoveryCodeUsed), []string{"user.updated"}},
			{"consent", within(audit.ConsentGranted), nil},
			{"start", func(tx *storage.Store) error {
				s = w.sessionOf(u.ID)
				if err := tx.StartSession(ctx, s); err != nil {
					return err
				}
				return audit.Write(ctx, tx, audit.Event{Kind: audit.SessionStarted, At: w.clock.Now(), UserID: u.ID, SessionID: s.ID, By: u.ID})
			}, []string{"session.created"}},
			{"end", func(tx *storage.Store) error {
				_, err := w.door.End(ctx, tx, s, logout.Cause{Status: storage.StatusEnded, Reason: logout.Revoked, By: "test"})
				return err
			}, []string{"session.ended"}},
			{"disable", func(tx *storage.Store) error { return w.users.Disable(ctx, tx, w.door, u.ID, "test") }, []string{"user.updated"}},
			{"enable", func(tx *storage.Store) error { return w.users.Enable(ctx, tx, u.ID, "test") }, []string{"user.updated"}},
			{"delete", func(tx *storage.Store) error { return w.users.Delete(ctx, tx, w.door, u.ID, "test") }, []string{"user.deleted"}},
		} {
			reached := false
			err := w.store.Tx(ctx, func(tx *storage.Store) error {
				if err := act.do(tx); err != nil {
					return err
				}
				return tx.BeforeCommit(ctx, func(context.Context, *storage.Store) error { reached = true; return errUndone })
			})
			if !errors.Is(err, errUndone) || !reached {
				w.Fatalf("%s: %v", act.name, err)
			}
			if list := w.types(e.ID); len(list) != told {
				w.Fatalf("%s was undone and told: %v", act.name, list[told:])
			}
			w.must(w.store.Tx(ctx, act.do))
			list := w.types(e.ID)
			if got := strings.Join(list[told:], " "); got != strings.Join(act.says, " ") {
				w.Errorf("%s: told %s, want %v", act.name, got, act.says)
			}
			told = len(list)
		}

		// A factor's own transactions.
		u = w.person("eve@example.com")
		told = len(w.log(e.ID))
		w.must(factors.EnableCodes(ctx, u.ID, factor.KindEmail, "eve@example.com"))
		_, err = factors.NewRecoveryCodes(ctx, u.ID)
		w.must(err)
		list, err := factors.List(ctx, u.ID)
		w.must(err)
		w.must(factors.Remove(ctx, u.ID, list[0].ID))
		var enabled []bool
		for _, d := range w.log(e.ID)[told:] {
			enabled = append(enabled, strings.Contains(w.payload(d), `"two_factor_enabled":true`))
		}
		if len(enabled) != 3 || !enabled[0] || !enabled[1] || enabled[2] {
			w.Errorf("second factor by turns %v", enabled)
		}
	})
}

// What is told commits with the act or not at all: every event is written through the transaction of its act.
func TestAuditIsWrittenInTheActsTransaction(t *testing.T) {
	const root = "../.."
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git"):
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			fn, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || fn.Sel.Name != "Write" || len(call.Args) != 3 {
				return true
			}
			if pkg, ok := fn.X.(*ast.Ident); !ok || pkg.Name != "audit" {
				return true
			}
			seen++
			if arg, ok := call.Args[1].(*ast.Ident); !ok || arg.Name != "tx" {
				t.Errorf("%s writes the audit beside the transaction of its act", name)
			}
			return true
		})
		return nil
	})
	if err != nil || seen < 30 {
		t.Errorf("%d writers: %v", seen, err)
	}
}
