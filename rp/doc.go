// Package rp is what a relying party imports to sign its users in with curfew, or with any OpenID
// provider that follows the same specifications, and to stay right on tokens that live for a minute.
//
//	app, err := rp.New(ctx, rp.Config{Issuer: "https://id.example.com", ClientID: "shop",
//		ClientSecret: secret, RedirectURI: "https://shop.example.com/auth/callback"})
//	mux.Handle("/auth/", app.Handler())       // login, callback, logout, and what the provider tells
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
// A session that ends at the provider ends here, too, within its token's life if nothing is done about it, at once by any of
// three ways, which go together:
//
//   - Back-channel logout: register https://shop.example.com/auth/backchannel-logout with the provider, and have it reach
//     that address. Front-channel logout (/auth/frontchannel-logout) does the same through the user's browser.
//   - App.Follow with Push or DenyList: this application asks, so nothing needs to reach it. It needs the grant
//     client_credentials and the scope sessions:listen.
//   - Verifier.Follow, the same for a resource server: Verify refuses the tokens of ended sessions.
//
// Whichever it was, the web sessions are deleted, what was under way does not bring them back, App.Bearer refuses the
// session's tokens, and Config.OnSessionEnd is called. A whole application:
//
//	app, err := rp.New(ctx, rp.Config{
//		Issuer: "https://id.example.com", ClientID: "shop", ClientSecret: secret,
//		RedirectURI:           "https://shop.example.com/auth/callback",
//		PostLogoutRedirectURI: "https://shop.example.com/",
//		OnSessionEnd: func(ctx context.Context, e rp.SessionEnd) {
//			log.Print("session ", e.SessionID, " ended: ", e.Reason) // close its web sockets, say
//		},
//	})
//	if err != nil {
//		return err
//	}
//	go app.Follow(ctx, rp.Push) // until ctx is over; connects again by itself
//
//	mux := http.NewServeMux()
//	mux.Handle("/auth/", app.Handler())
//	mux.Handle("/api/", app.Bearer(api, "orders.read"))
//	mux.Handle("/", app.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
//		who, _ := rp.FromContext(r.Context())
//		fmt.Fprintln(w, who.Subject, who.SessionID, who.Claims.String("name"))
//		if who.Actor != nil {
//			fmt.Fprintln(w, "seen by", who.Actor.Subject)
//		}
//	})))
//	return http.ListenAndServe("127.0.0.1:8090", mux)
//
// The way in is short: discovery.go and keys.go learn about the provider, jws.go, idtoken.go and
// accesstoken.go decide what to believe, login.go, callback.go and logout.go are the routes, require.go and
// bearer.go the middleware, session.go, store.go and refresh.go the session behind the cookie; backchannel.go,
// frontchannel.go and follow.go hear of its end, end.go does what has to be done then, ended.go remembers it.
//
// The package needs the standard library and go-jose, nothing of the provider.
package rp
