package admin

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/curfew-id/curfew/op/webhook"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/ui/page"
)

// hookStacks are those that there is a snippet for. The libraries know v1 alone, so ed25519 is verified by what the languages
// bring along.
func hookStacks(scheme string) []string {
	if scheme == webhook.Ed25519 {
		return []string{"node", "go"}
	}
	return []string{"node", "svix", "go"}
}

// plainPath is what neither express nor net/http's patterns read as more than a path.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$`)

// hookSnippet is a program that takes what the endpoint is sent, and nothing that somebody else sends it. What it verifies with
// comes from the environment.
func hookSnippet(stack string, e *storage.WebhookEndpoint) page.Snippet {
	path := "/hooks/curfew"
	if u, err := url.Parse(e.URL); err == nil && plainPath.MatchString(u.EscapedPath()) {
		path = u.EscapedPath()
	}
	name := stack + "/" + e.Signature
	return page.Snippet{File: hookFiles[stack], Install: hookInstalls[name],
		Code: strings.NewReplacer("$PATH", strconv.Quote(path), "$POST", strconv.Quote("POST "+path)).Replace(hookPrograms[name])}
}

var hookFiles = map[string]string{"node": "app.mjs", "svix": "app.mjs", "go": "main.go"}

var hookInstalls = map[string]string{
	"node/hmac":    "npm install express standardwebhooks",
	"svix/hmac":    "npm install express svix",
	"go/hmac":      "go get github.com/standard-webhooks/standard-webhooks/libraries/go",
	"node/ed25519": "npm install express",
}

// svix is a superset of standardwebhooks: it takes the same secret, the same headers and the same call.
var hookPrograms = map[string]string{
	"node/hmac": nodeHMAC, "svix/hmac": strings.Replace(nodeHMAC, `"standardwebhooks"`, `"svix"`, 1), "go/hmac": goHMAC,
	"node/ed25519": nodeEd25519, "go/ed25519": goEd25519,
}

const nodeHMAC = `import express from "express";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.CURFEW_WEBHOOK_SECRET); // whsec_...

const app = express();

// The body as it came: what is parsed and written again does not verify.
app.post($PATH, express.raw({ type: "application/json", limit: "1mb" }), (req, res) => {
  let event;
  try {
    event = webhook.verify(req.body.toString(), req.headers);
  } catch {
    return res.sendStatus(400);
  }
  // An event can come twice: drop it by its webhook-id. Answer within five seconds.
  console.log(req.headers["webhook-id"], event.type, event.data.id);
  res.sendStatus(204);
});

app.listen(8090);
`

const goHMAC = `package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	secret := os.Getenv("CURFEW_WEBHOOK_SECRET") // whsec_...
	if secret == "" {
		log.Fatal("CURFEW_WEBHOOK_SECRET is not set")
	}
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc($POST, func(w http.ResponseWriter, r *http.Request) {
		// The body as it came: what is parsed and written again does not verify.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			err = webhook.Verify(body, r.Header)
		}
		var event struct {
			Type string
			Data json.RawMessage
		}
		if err == nil {
			err = json.Unmarshal(body, &event)
		}
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		// An event can come twice: drop it by its webhook-id. Answer within five seconds.
		log.Println(r.Header.Get("webhook-id"), event.Type)
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe("localhost:8090", nil))
}
`

const nodeEd25519 = `import { createPublicKey, verify } from "node:crypto";
import express from "express";

// whpk_ and the base64 of the key's 32 bytes.
const x = Buffer.from(process.env.CURFEW_WEBHOOK_PUBLIC_KEY.replace(/^whpk_/, ""), "base64").toString("base64url");
const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });

function verified(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": list } = headers;
  if (!id || !list || !Buffer.isBuffer(body)) return false;
  if (!(Math.abs(Date.now() / 1000 - Number(at)) < 300)) return false; // what is older may be a replay
  const signed = Buffer.concat([Buffer.from(id + "." + at + "."), body]);
  return list.split(" ").some((one) => one.startsWith("v1a,") && verify(null, signed, key, Buffer.from(one.slice(4), "base64")));
}

const app = express();

// The body as it came: what is parsed and written again does not verify.
app.post($PATH, express.raw({ type: "application/json", limit: "1mb" }), (req, res) => {
  if (!verified(req.headers, req.body)) return res.sendStatus(400);
  const event = JSON.parse(req.body);
  // An event can come twice: drop it by its webhook-id. Answer within five seconds.
  console.log(req.headers["webhook-id"], event.type, event.data.id);
  res.sendStatus(204);
});

app.listen(8090);
`

const goEd25519 = `package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	// whpk_ and the base64 of the key's 32 bytes.
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("CURFEW_WEBHOOK_PUBLIC_KEY"), "whpk_"))
	if err != nil || len(key) != ed25519.PublicKeySize {
		log.Fatal("CURFEW_WEBHOOK_PUBLIC_KEY is not a public key")
	}
	http.HandleFunc($POST, func(w http.ResponseWriter, r *http.Request) {
		// The body as it came: what is parsed and written again does not verify.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		var event struct {
			Type string
			Data json.RawMessage
		}
		if err != nil || !verified(key, r.Header, body) || json.Unmarshal(body, &event) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		// An event can come twice: drop it by its webhook-id. Answer within five seconds.
		log.Println(r.Header.Get("webhook-id"), event.Type)
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe("localhost:8090", nil))
}

func verified(key ed25519.PublicKey, h http.Header, body []byte) bool {
	at, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(at, 0)).Abs() > 5*time.Minute { // what is older may be a replay
		return false
	}
	signed := append([]byte(h.Get("webhook-id")+"."+h.Get("webhook-timestamp")+"."), body...)
	for _, one := range strings.Fields(h.Get("webhook-signature")) {
		encoded, ok := strings.CutPrefix(one, "v1a,")
		signature, err := base64.StdEncoding.DecodeString(encoded)
		if ok && err == nil && ed25519.Verify(key, signed, signature) {
			return true
		}
	}
	return false
}
`
