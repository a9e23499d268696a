package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curfew-id/curfew/internal/pgtest"
)

// A server that is killed in the middle of an import leaves it where its last transaction stood, and sending everything again
// to the next one makes each user once.
func TestImportSurvivesKill(t *testing.T) {
	for name, database := range map[string]func() string{"sqlite": func() string { return filepath.Join(t.TempDir(), "curfew.db") }, "postgres": func() string { return pgtest.New(t) }} {
		t.Run(name, func(t *testing.T) { importSurvivesKill(t, database()) })
	}
}

func importSurvivesKill(t *testing.T, database string) {
	const n = 8000
	i := newInstall(t, database)
	i.run("migrate")
	secret, _ := i.object("apikey", "create", "--name", "import", "--scope", "users:read,users:write")["secret"].(string)
	var all strings.Builder
	for l := range n {
		fmt.Fprintf(&all, `{"email":"u%d@example.com","external_id":"%d"}`+"\n", l, l)
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
	broke := make(chan error, 1)
	go func() {
		_, err := call("POST", path+"/lines", strings.NewReader(all.String()))
		broke <- err
	}()
	eventually(t, "the import is in its middle", func() bool {
		doc, err := call("GET", path, nil)
		return err == nil && doc["lines"].(float64) >= 1000
	})
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if err := <-broke; err == nil {
		t.Fatal("the import was over before the server was killed")
	}

	p = i.start().up()
	half, err := call("GET", path, nil)
	if err != nil || half["lines"] != half["created"] || half["lines"].(float64) < 1000 || half["status"] != "running" {
		t.Fatal(half, err)
	}
	end, err := call("POST", path+"/lines?offset=0", strings.NewReader(all.String()))
	if err != nil || end["created"] != float64(n) || end["existing"] != 0.0 || end["failed"] != 0.0 || end["status"] != "finished" {
		t.Fatal(end, err)
	}
	t.Logf("killed at line %v of %d", half["lines"], n)
}
