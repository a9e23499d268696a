package claims

// reserved are the claims that curfew sets itself or that say who may use a token: what a template put there would be
// believed by a relying party in place of what is true.
var reserved = map[string]bool{
	// RFC 7519 4.1
	"iss": true, "sub": true, "aud": true, "exp": true, "nbf": true, "iat": true, "jti": true,
	// OpenID Connect Core 2 and 3.3.2.11, Front-Channel and Back-Channel Logout 1.0
	"auth_time": true, "nonce": true, "acr": true, "amr": true, "azp": true, "at_hash": true, "c_hash": true, "s_hash": true,
	"sid": true, "events": true, "sub_jwk": true, "_claim_names": true, "_claim_sources": true,
	// RFC 8693 4, RFC 9068 2.2, RFC 7800, RFC 9396
	"act": true, "may_act": true, "client_id": true, "scope": true, "cnf": true, "authorization_details": true,
	// RFC 7662, RFC 9701
	"active": true, "token_type": true, "token_introspection": true,
}

// Reserved tells whether a claim cannot be set by a template.
func Reserved(name string) bool { return reserved[name] }
