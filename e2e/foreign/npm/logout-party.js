// An application on express-openid-connect, which stands on openid-client, for the tests beside it: its own validation of
// logout tokens is at work here, and its own idea of what follows. It speaks as relying-party.js does.
import { createInterface } from 'node:readline'
import { randomBytes } from 'node:crypto'
import express from 'express'
import oidc from 'express-openid-connect'

// Logout tokens were a draft when the library's JOSE was written; what is on standard error fails the test.
process.removeAllListeners('warning')
process.on('warning', (warning) => warning.name === 'DraftWarning' || console.error(warning))

const app = express()
const server = app.listen(0, '127.0.0.1')
await new Promise((listening) => server.on('listening', listening))
const origin = `http://127.0.0.1:${server.address().port}`
console.log(JSON.stringify({ origin }))

const lines = createInterface({ input: process.stdin })
lines.on('close', () => process.exit(0))
const registered = JSON.parse((await lines[Symbol.asyncIterator]().next()).value)

// What the library keeps of logout tokens, under "issuer|sid" and "issuer|sub".
const kept = new Map()
const store = {
  get: (id, done) => done(null, kept.get(id)),
  set: (id, value, done) => done(null, void kept.set(id, value)),
  destroy: (id, done) => done(null, void kept.delete(id)),
}

const received = [] // logout tokens as they came, good or not
app.post('/backchannel-logout', express.urlencoded({ extended: false }), (request, _, next) => {
  received.push(request.body.logout_token)
  next()
})
app.use(oidc.auth({
  issuerBaseURL: registered.issuer,
  baseURL: origin,
  clientID: registered.client_id,
  clientSecret: registered.client_secret,
  clientAuthMethod: registered.token_endpoint_auth_method,
  secret: randomBytes(32).toString('hex'),
  idTokenSigningAlg: registered.alg,
  authRequired: false,
  authorizationParams: { response_type: 'code', scope: 'openid profile email' },
  backchannelLogout: { store },
}))
app.get('/', (request, response) => response.json(request.oidc.isAuthenticated()
  ? { ...request.oidc.idTokenClaims, id_token: request.oidc.idToken } : {}))
app.post('/received', (_, response) => response.json({ tokens: received, kept: [...kept.keys()] }))
app.use((error, _request, response, _next) => response.status(500).json({ error: error.name, message: error.message }))
console.log(JSON.stringify({ pkce: true })) // the library does it without asking
