// Package rp is what a relying party imports to sign its users in with curfew, or with any OpenID
// provider that follows the same specifications, and to stay right on tokens that live for a minute.
//
//	app, err := rp.New(ctx, rp.Config{Issuer: "https://id.example.com", ClientID: "shop",
//		ClientSecret: secret, RedirectURI: "https://shop.example.com/auth/callback"})
//	mux.Handle("/auth/", app.Handler())       // login, callback, logout
//	mux.Handle("/", app.Require(handler))     // signed in from here on
//	who, _ := rp.FromContext(r.Context())     // inside handler
//
// App owns the web session: the authorization code flow with PKCE, state, nonce and the issuer check of
// RFC 9207; the tokens, which stay in a Store on the server while the browser holds a random cookie; and
// their renewal. A token is renewed by the first request after two thirds of its life, in the background
// and by one refresher per session. A renewal that fails is tried again until the token expires; after
// that the session is refused, not trusted, until the provider answers. When the provider says
// invalid_grant the session is over, here too.
//
// Verifier owns the other half, a resource server: it validates access tokens (RFC 9068) offline against
// cached keys. An App has one inside (App.Bearer); a service without a browser uses NewVerifier.
//
// The way in is short: discovery.go and keys.go learn about the provider, jws.go, idtoken.go and
// accesstoken.go decide what to believe, login.go, callback.go and logout.go are the routes, require.go and
// bearer.go the middleware, session.go, store.go and refresh.go the session behind the cookie.
//
// The package needs the standard library and go-jose, nothing of the provider.
package rp
