// A relying party on openid-client, for the tests beside it. It says on standard output where it is and which key it
// signs with, reads from standard input what it was registered as, and ends with that.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { webcrypto } from 'node:crypto'

// Node.js 18 has them, but not under the names that openid-client knows.
globalThis.crypto ??= webcrypto
globalThis.CryptoKey ??= webcrypto.CryptoKey
const client = await import('openid-client')

const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
const server = createServer((request, response) => {
  serve(request, response).catch(async (error) => send(response, 200, await refusal(error)))
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
const origin = `http://127.0.0.1:${server.address().port}`
const jwk = { ...(await crypto.subtle.exportKey('jwk', keys.publicKey)), kid: 'the-key', alg: 'ES256', use: 'sig' }
console.log(JSON.stringify({ origin, jwk }))

const lines = createInterface({ input: process.stdin })
lines.on('close', () => process.exit(0))
const registered = JSON.parse((await lines[Symbol.asyncIterator]().next()).value)
const authentication = {
  client_secret_basic: () => client.ClientSecretBasic(registered.client_secret),
  client_secret_post: () => client.ClientSecretPost(registered.client_secret),
  private_key_jwt: () => client.PrivateKeyJwt({ key: keys.privateKey, kid: 'the-key' }),
  none: () => client.None(),
}[registered.token_endpoint_auth_method]()
const config = await client.discovery(new URL(registered.issuer), registered.client_id, undefined, authentication, {
  // Plain http is for loopback; signatures are checked although the tokens come straight from the provider.
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
})
console.log(JSON.stringify({ pkce: config.serverMetadata().supportsPKCE() }))

let asked // what the callback has to match
let tokens

const actions = {
  async refresh() {
    tokens = await client.refreshTokenGrant(config, tokens.refresh_token)
    return tokens.claims()
  },
  userinfo: () => client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub),
  introspect: () => client.tokenIntrospection(config, tokens.access_token),
  async revoke() {
    await client.tokenRevocation(config, tokens.refresh_token)
    return {}
  },
  async credentials() {
    const own = await client.clientCredentialsGrant(config, { scope: 'letters:read' })
    return client.tokenIntrospection(config, own.access_token)
  },
}

async function serve(request, response) {
  const url = new URL(request.url, origin)
  switch (url.pathname) {
    case '/login': {
      const verifier = client.randomPKCECodeVerifier()
      asked = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
      return redirect(response, client.buildAuthorizationUrl(config, {
        redirect_uri: `${origin}/callback`,
        scope: 'openid profile email',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state: asked.expectedState,
        nonce: asked.expectedNonce,
      }))
    }
    case '/callback':
      tokens = await client.authorizationCodeGrant(config, url, asked)
      return send(response, 200, tokens.claims())
    case '/logout':
      return redirect(response, client.buildEndSessionUrl(config, {
        id_token_hint: tokens.id_token,
        post_logout_redirect_uri: `${origin}/bye`,
        state: 'the-end',
      }))
    case '/bye':
      return send(response, 200, { bye: url.searchParams.get('state') })
  }
  const action = actions[url.pathname.slice(1)]
  if (!action) return send(response, 404, {})
  return send(response, 200, await action())
}

function redirect(response, to) {
  response.writeHead(302, { location: to.href }).end()
}

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

// refusal is what the library made of an error that the provider answered with. Where there is a challenge beside the
// body, the library leaves the body to be read.
async function refusal(error) {
  const challenge = Array.isArray(error.cause) ? error.cause[0].parameters.error : undefined
  const body = challenge === undefined && error.response?.bodyUsed === false ? await error.response.json() : {}
  return { error: error.error ?? challenge ?? body.error ?? error.code ?? error.name, message: error.message }
}
