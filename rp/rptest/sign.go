package rptest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"

	"github.com/go-jose/go-jose/v4"
)

// AccessToken returns an access token of a user who is not signed in anywhere, bent by change.
func (p *Provider) AccessToken(client string, change func(claims map[string]any)) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	claims := p.accessClaims(grant{client: client, sid: p.next("ses"), scope: "openid"})
	if change != nil {
		change(claims)
	}
	return p.sign(claims, "at+jwt")
}

// Sign signs claims with the current key and the typ header given, none if it is empty.
func (p *Provider) Sign(claims map[string]any, typ string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sign(claims, typ)
}

// SignWith signs claims with any key, algorithm and kid.
func SignWith(claims map[string]any, alg jose.SignatureAlgorithm, private any, kid, typ string) string {
	o := &jose.SignerOptions{}
	if typ != "" {
		o = o.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: private, KeyID: kid}}, o)
	if err != nil {
		panic(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	raw, err := jws.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return raw
}

func (p *Provider) sign(claims map[string]any, typ string) string {
	return SignWith(claims, jose.ES256, p.keys[0].priv, p.keys[0].kid, typ)
}

func (p *Provider) accessClaims(g grant) map[string]any {
	now := p.now()
	return map[string]any{
		"iss": p.Issuer, "sub": p.User["sub"], "aud": g.client, "client_id": g.client, "sid": g.sid, "scope": g.scope,
		"iat": now.Unix(), "exp": now.Add(p.TTL).Unix(), "jti": p.next("jti"),
	}
}

func (p *Provider) accessToken(g grant) string {
	claims := p.accessClaims(g)
	if p.Tamper.AccessToken != nil {
		p.Tamper.AccessToken(claims)
	}
	return p.sign(claims, "at+jwt")
}

func (p *Provider) idToken(g grant, access string) string {
	now := p.now()
	sum := sha256.Sum256([]byte(access))
	// Name and email are for userinfo, as OIDC Core 5.4 has it.
	claims := map[string]any{
		"sub": p.User["sub"], "iss": p.Issuer, "aud": g.client, "sid": g.sid, "iat": now.Unix(), "exp": now.Add(p.TTL).Unix(),
		"auth_time": g.authTime.Unix(), "amr": []string{"pwd"}, "acr": "1",
		"at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
	}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	if p.Tamper.IDToken != nil {
		p.Tamper.IDToken(claims)
	}
	if p.Tamper.SignIDToken != nil {
		return p.Tamper.SignIDToken(claims, func(typ string) string { return p.sign(claims, typ) })
	}
	return p.sign(claims, "JWT")
}

// read returns the claims of a token of ours, expired or not.
func (p *Provider) read(raw string) (map[string]any, bool) {
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, false
	}
	for _, k := range p.keys {
		if payload, err := jws.Verify(&k.priv.PublicKey); err == nil {
			claims := map[string]any{}
			err := json.Unmarshal(payload, &claims)
			_, ok := claims["sid"].(string)
			return claims, err == nil && ok
		}
	}
	return nil, false
}

func clone(m map[string]any) map[string]any {
	c := map[string]any{}
	maps.Copy(c, m)
	return c
}
