// Package foreign signs in with relying parties that other people wrote, as they come: Go's zitadel/oidc and
// coreos/go-oidc, and from npm openid-client, oidc-client-ts and express-openid-connect. What they refuse to work with is a
// fault of curfew's until the specification says otherwise. It holds tests alone; each starts `curfew dev`, registers its
// client over the management API and lets a person sign in with Chromium. Webhooks are verified by npm's svix and standardwebhooks.
//
// The npm packages are pinned in npm/package-lock.json; `make tools` installs them.
package foreign
