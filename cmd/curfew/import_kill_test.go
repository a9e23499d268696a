package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/pgtest"
)

var importUsers = flag.Int("import.users", 8000, "users that TestImportSurvivesKill imports on each engine")

// A server that is killed in the middle of an import leaves it where its last transaction stood, and sending everything again
// to the next one makes each user once. Half of them come with a password hash.
func TestImportSurvivesKill(t *testing.T) {
	for name, database := range map[string]func() string{"sqlite": func() string { return filepath.Join(t.TempDir(), "curfew.db") }, "postgres": func() string { return pgtest.New(t) }} {
		t.Run(name, func(t *testing.T) { importSurvivesKill(t, database()) })
	}
}

func importSurvivesKill(t *testing.T, database string) {
	n := *importUsers
	i := newInstall(t, database)
	i.run("migrate")
	secret, _ := i.object("apikey", "create", "--name", "import", "--scope", "users:read,users:write")["secret"].(string)
	var all strings.Builder
	for l := range n {
		hash := ""
		if l%2 == 0 {
			hash = `,"password_hash":"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"`
		}
		fmt.Fprintf(&all, `{"email":"u%d@example.com","external_id":"%d","name":"User %d","public_metadata":{"n":%d}%s}`+"\n", l, l, l, l, hash)
	}
	p := i.start().up()
	call := func(method, path string, body io.Reader) (doc map[string]any, err error) {
		req, err := http.NewRequestWithContext(t.Context(), method, p.public+path, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		req.Header.Set("Content-Type", "application/json")
		if strings.Contains(path, "/lines") {
			req.Header.Set("Content-Type", "application/x-ndjson")
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		return doc, json.NewDecoder(resp.Body).Decode(&doc)
	}
	made, err := call("POST", "/v1/user_imports", strings.NewReader(fmt.Sprintf(`{"total":%d}`, n)))
	if err != nil || made["id"] == nil {
		t.Fatal(made, err)
	}
	path := "/v1/user_imports/" + made["id"].(string)
	broke, began := make(chan error, 1), time.Now()
	go func() {
		_, err := call("POST", path+"/lines", strings.NewReader(all.String()))
		broke <- err
	}()
	var seen []float64
	for deadline := time.Now().Add(5 * time.Minute); len(seen) == 0 || seen[len(seen)-1] < float64(n)/3; time.Sleep(20 * time.Millisecond) {
		doc, err := call("GET", path, nil)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("progress %v: %v, %v", seen, doc, err)
		}
		if l := doc["lines"].(float64); len(seen) == 0 || l != seen[len(seen)-1] {
			seen = append(seen, l)
		}
	}
	first := time.Since(began)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if err := <-broke; err == nil {
		t.Fatal("the import was over before the server was killed")
	}

	p = i.start().up()
	half, err := call("GET", path, nil)
	if err != nil || half["lines"] != half["created"] || half["lines"].(float64) < float64(n)/3 || half["status"] != "running" {
		t.Fatal(half, err)
	}
	began = time.Now()
	end, err := call("POST", path+"/lines?offset=0", strings.NewReader(all.String()))
	if err != nil || end["created"] != float64(n) || end["existing"] != 0.0 || end["failed"] != 0.0 || end["status"] != "finished" {
		t.Fatal(end, err)
	}
	rest, left := time.Since(began), float64(n)-half["lines"].(float64)
	if len(seen) < 3 {
		t.Errorf("no progress was seen: %v", seen)
	}
	if users := exported(t, p.public, secret); len(users) != n {
		t.Errorf("%d users", len(users))
	}
	t.Logf("%d users, killed at line %v: %.0f users/s until then (progress seen %d times), %.0f users/s for the rest", n, half["lines"],
		seen[len(seen)-1]/first.Seconds(), len(seen), left/rest.Seconds())
}

// exported reads all users and counts each address.
func exported(t *testing.T, url, secret string) map[string]int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url+"/v1/users/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	users := map[string]int{}
	for d := json.NewDecoder(resp.Body); ; {
		var u struct {
			Email string `json:"email_address"`
		}
		if err := d.Decode(&u); err == io.EOF {
			return users
		} else if err != nil {
			t.Fatal(err)
		}
		if users[u.Email]++; users[u.Email] > 1 {
			t.Fatalf("%s is there twice", u.Email)
		}
	}
}
