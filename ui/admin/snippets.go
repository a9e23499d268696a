package admin

import (
	"strconv"
	"strings"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/ui/page"
)

// stacksOf are those that there is a snippet for, the likeliest first.
func stacksOf(kind string) []string {
	switch kind {
	case "browser":
		return []string{"browser", "oidc"}
	case "service":
		return []string{"curl", "oidc"}
	}
	return []string{"go", "node", "oidc"}
}

// snippet is a program that signs people in to an application, with its values in it. A secret is in none: it comes from the
// environment.
func (h *Handlers) snippet(stack string, c *client.Client) page.Snippet {
	s := page.Snippet{File: files[stack], Install: installs[stack]}
	redirect, post := "https://app.example.com/auth/callback", "https://app.example.com/"
	if len(c.RedirectURIs) > 0 {
		redirect, post = c.RedirectURIs[0], origin(c.RedirectURIs[0])+"/"
	}
	if len(c.PostLogoutRedirectURIs) > 0 {
		post = c.PostLogoutRedirectURIs[0]
	}
	scope := []string{}
	for _, name := range strings.Fields(c.Scope) {
		if name != "sessions:listen" { // of the application's own, not of a user's
			scope = append(scope, name)
		}
	}
	// Everything is quoted as a JSON string, which is one in Go and JavaScript too: what was registered stays data.
	s.Code = strings.NewReplacer("$ISSUER", strconv.Quote(h.Issuer), "$CLIENT", strconv.Quote(c.ID), "$REDIRECT", strconv.Quote(redirect),
		"$POST", strconv.Quote(post), "$SCOPE", strconv.Quote(strings.Join(scope, " ")), "$PLAINISSUER", h.Issuer,
		"$PLAINCLIENT", c.ID, "$PLAINREDIRECT", redirect, "$PLAINPOST", post, "$PLAINSCOPE", c.Scope,
		"$AUTH", c.TokenEndpointAuthMethod).Replace(programs[stack])
	return s
}

func origin(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

var files = map[string]string{"go": "main.go", "browser": "app.js", "node": "app.mjs"}

var installs = map[string]string{
	"go":      "go get github.com/curfew-id/curfew/rp",
	"node":    "npm install openid-client express express-session",
	"browser": "",
}

var programs = map[string]string{
	"go": `package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/curfew-id/curfew/rp"
)

func main() {
	ctx := context.Background()
	app, err := rp.New(ctx, rp.Config{
		Issuer:                $ISSUER,
		ClientID:              $CLIENT,
		ClientSecret:          os.Getenv("CLIENT_SECRET"),
		RedirectURI:           $REDIRECT,
		PostLogoutRedirectURI: $POST,
	})
	if err != nil {
		log.Fatal(err)
	}
	go app.Follow(ctx, rp.Push) // sessions are dropped the moment they end

	mux := http.NewServeMux()
	mux.Handle("/auth/", app.Handler())
	mux.Handle("/", app.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := rp.FromContext(r.Context())
		fmt.Fprintln(w, "Hello", who.Subject)
	})))
	log.Fatal(http.ListenAndServe("127.0.0.1:8090", mux))
}
`,
	"browser": `// curfew.js is rp/js of curfew's repository; no build step, no dependencies.
import { Curfew } from "./curfew.js";

const curfew = new Curfew({
  issuer: $ISSUER,
  clientId: $CLIENT,
  redirectUri: $REDIRECT,
  postLogoutRedirectUri: $POST,
  scope: $SCOPE,
});

curfew.onSessionEnd((reason) => {
  document.body.replaceChildren("Signed out: " + reason);
});

await curfew.handleRedirect();
if (curfew.user) document.body.append("Hello " + curfew.user.sub);
else curfew.signIn();
`,
	"node": `import express from "express";
import session from "express-session";
import * as client from "openid-client";

const redirectUri = $REDIRECT;
const config = await client.discovery(new URL($ISSUER), $CLIENT, process.env.CLIENT_SECRET);

const app = express();
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }));

app.get("/login", async (req, res) => {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  req.session.login = { verifier, state };
  res.redirect(client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: $SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
  }).href);
});

app.get(new URL(redirectUri).pathname, async (req, res) => {
  const { verifier, state } = req.session.login;
  const tokens = await client.authorizationCodeGrant(config, new URL(req.url, redirectUri), {
    pkceCodeVerifier: verifier,
    expectedState: state,
  });
  res.send("Hello " + tokens.claims().sub);
});

app.listen(8090);
`,
	"oidc": `issuer                       $PLAINISSUER
discovery                    $PLAINISSUER/.well-known/openid-configuration
client_id                    $PLAINCLIENT
client authentication        $AUTH
redirect_uri                 $PLAINREDIRECT
post_logout_redirect_uri     $PLAINPOST
scope                        $PLAINSCOPE
response_type                code
code_challenge_method        S256
id_token_signed_response_alg ES256
`,
	"curl": `curl -u "$PLAINCLIENT:${CLIENT_SECRET}" \
  -d grant_type=client_credentials -d "scope=$PLAINSCOPE" \
  $PLAINISSUER/oauth/token
`,
}
