package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/internal/pgtest"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/storage"
)

// TestMain makes this test binary the command curfew in PATH, for scripts and for the tests that start a server.
func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"curfew": main}) }

// TestScripts runs testdata/*.txtar on both engines, each script on a database of its own.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range scripts {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run("sqlite/"+name, func(t *testing.T) { runScript(t, file, filepath.Join(t.TempDir(), "curfew.db")) })
		t.Run("postgres/"+name, func(t *testing.T) { runScript(t, file, pgtest.New(t)) })
	}
}

func runScript(t *testing.T, file, database string) {
	testscript.Run(t, testscript.Params{
		Files: []string{file},
		Setup: func(env *testscript.Env) error {
			env.Setenv("CURFEW_ISSUER", "https://id.example.com")
			env.Setenv("CURFEW_DATABASE_URL", database)
			env.Setenv("CURFEW_KEY_ENCRYPTION_KEY", newKey())
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": cmdExits, "json": cmdJSON, "keep": cmdKeep, "sign-in": cmdSignIn, "owed": cmdOwed, "events": cmdEvents,
			"sign-in-audited": cmdSignInAudited, "sql": cmdSQL, "pause": cmdPause,
		},
		RequireUniqueNames: true,
	})
}

func newKey() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// cmdExits is `exits CODE ARGS...`: it runs curfew and wants exactly this exit code.
func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var failed *exec.ExitError
	if err := ts.Exec("curfew", args[1:]...); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// cmdJSON is `json PATH WANT`: it compares a value in what was last printed. A path is made of member names, indices and
// len, with dots between; "." is everything. WANT is the value in JSON, or ~ and a regular expression on a string.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	got := lookUp(ts, args[0])
	ok := false
	if pattern, is := strings.CutPrefix(args[1], "~"); is {
		text, isText := got.(string)
		ok = isText && regexp.MustCompile("^("+pattern+")$").MatchString(text)
	} else {
		ok = encoded(ts, got) == encoded(ts, json.RawMessage(args[1]))
	}
	if ok == neg {
		ts.Fatalf("%s is %v, compared with %s", args[0], got, args[1])
	}
}

// encoded is v in the one form in which the same values are the same text.
func encoded(ts *testscript.TestScript, v any) string {
	b, err := json.Marshal(v)
	ts.Check(err)
	ts.Check(json.Unmarshal(b, &v))
	b, err = json.Marshal(v)
	ts.Check(err)
	return string(b)
}

// cmdKeep is `keep NAME PATH`: it puts a value of what was last printed into a variable.
func cmdKeep(ts *testscript.TestScript, _ bool, args []string) {
	text, ok := lookUp(ts, args[1]).(string)
	if !ok || text == "" {
		ts.Fatalf("%s is no text", args[1])
	}
	ts.Setenv(args[0], text)
}

type absent struct{}

func (absent) MarshalJSON() ([]byte, error) { return []byte(`"absent"`), nil }

func lookUp(ts *testscript.TestScript, path string) any {
	var v any
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	d.UseNumber()
	ts.Check(d.Decode(&v))
	for name := range strings.SplitSeq(strings.Trim(path, "."), ".") {
		switch at := v.(type) {
		case map[string]any:
			if name == "" {
				return v
			}
			next, ok := at[name]
			if !ok {
				return absent{}
			}
			v = next
		case []any:
			if name == "" {
				return v
			}
			if name == "len" {
				return len(at)
			}
			n, err := strconv.Atoi(name)
			ts.Check(err)
			if n >= len(at) {
				return absent{}
			}
			v = at[n]
		default:
			return absent{}
		}
	}
	return v
}

// background is for what scripts do by themselves: they have no context of their own.
var background = context.Background()

// withStore runs fn on the script's database.
func withStore(ts *testscript.TestScript, fn func(store *storage.Store) error) {
	store, err := storage.Open(background, ts.Getenv("CURFEW_DATABASE_URL"))
	ts.Check(err)
	ts.Check(errors.Join(fn(store), store.Close()))
}

// cmdSignIn is `sign-in NAME USER-ID [CLIENT-ID]`: it starts a session, in which the client takes part, and keeps its id.
func cmdSignIn(ts *testscript.TestScript, _ bool, args []string) { signIn(ts, args, false) }

func signIn(ts *testscript.TestScript, args []string, audited bool) {
	withStore(ts, func(store *storage.Store) error {
		ctx, now := background, clock.System{}.Now()
		n := &storage.Session{UserID: args[1], ID: id.New(id.Session), Kind: storage.KindBrowser, AMR: "pwd",
			UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", IPAddress: "198.51.100.7",
			AuthenticatedAt: storage.At(now), CreatedAt: storage.At(now), LastActiveAt: storage.At(now),
			IdleTTL: time.Hour.Microseconds(), ExpiresAt: storage.At(now.Add(24 * time.Hour))}
		if err := store.StartSession(ctx, n); err != nil {
			return err
		}
		if audited {
			from := audit.WithOrigin(ctx, audit.Origin{IPAddress: n.IPAddress})
			if err := audit.Write(from, store, audit.SessionStart(n, n.UserID, "")); err != nil {
				return err
			}
		}
		ts.Setenv(args[0], n.ID)
		if len(args) < 3 {
			return nil
		}
		code := &storage.Code{Hash: secret.Bytes(32), ClientID: args[2], UserID: n.UserID, SessionID: n.ID, RedirectURI: "r",
			CodeChallenge: "c", FamilyID: id.New(id.Family), CreatedAt: storage.At(now), ExpiresAt: storage.At(now.Add(time.Minute))}
		if err := store.InsertCode(ctx, code); err != nil {
			return err
		}
		_, _, err := store.Redeem(ctx, storage.Redemption{Hash: code.Hash, ClientID: code.ClientID, RedirectURI: "r",
			CodeChallenge: "c", Now: now, Record: func(tx *storage.Store, g *storage.Grant) error {
				if !audited {
					return nil
				}
				return audit.Write(ctx, tx, audit.Event{Kind: audit.FamilyStarted, At: now, UserID: g.UserID, SessionID: g.SessionID,
					ClientID: g.ClientID, By: g.ClientID, Data: map[string]any{"family": g.FamilyID}})
			}})
		return err
	})
}

// cmdSignInAudited is sign-in as the server does it: with the events.
func cmdSignInAudited(ts *testscript.TestScript, _ bool, args []string) { signIn(ts, args, true) }

// cmdSQL is `sql STATEMENT`: what somebody with the database's password does.
func cmdSQL(ts *testscript.TestScript, _ bool, args []string) {
	driver, url := "sqlite", ts.Getenv("CURFEW_DATABASE_URL")
	if strings.HasPrefix(url, "postgres") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, url)
	ts.Check(err)
	res, err := db.ExecContext(background, args[0])
	ts.Check(errors.Join(err, db.Close()))
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("%d rows, %v", n, err)
	}
}

// cmdPause is `pause NAME`: it keeps the time, to the second, such that what came before is before it and what follows is
// behind it.
func cmdPause(ts *testscript.TestScript, _ bool, args []string) {
	at := clock.System{}.Now().Truncate(time.Second).Add(time.Second)
	time.Sleep(time.Until(at) + 20*time.Millisecond)
	ts.Setenv(args[0], at.UTC().Format(time.RFC3339))
}

// cmdOwed is `owed N SESSION-ID`: the end of the session has to be told to that many receivers.
func cmdOwed(ts *testscript.TestScript, _ bool, args []string) {
	withStore(ts, func(store *storage.Store) error {
		list, err := store.SessionDeliveries(background, args[1])
		if err == nil && strconv.Itoa(len(list)) != args[0] {
			err = fmt.Errorf("%d deliveries, want %s", len(list), args[0])
		}
		return err
	})
}

// cmdEvents is `events USER-ID KIND...`: the user's newest events, the last one first, all by the command line.
func cmdEvents(ts *testscript.TestScript, _ bool, args []string) {
	withStore(ts, func(store *storage.Store) error {
		list, err := store.UserEvents(background, args[0], len(args)-1)
		if err != nil {
			return err
		}
		var got []string
		for _, e := range list {
			if e.Actor != byCLI {
				return fmt.Errorf("%s by %q", e.Kind, e.Actor)
			}
			got = append(got, e.Kind)
		}
		if want := strings.Join(args[1:], " "); strings.Join(got, " ") != want {
			return fmt.Errorf("events %v, want %s", got, want)
		}
		return nil
	})
}
