// A receiver of webhooks that leaves it to svix and standardwebhooks whether a request is good, for webhooks_test.go. POST
// /hooks takes what is sent; POST /judge with {secret} tells what each library makes of each request so far. Neither knows
// ed25519: POST /judge-key with {public_key} asks TweetNaCl and Node's own Web Crypto about what the specification has signed.
import { createInterface } from 'node:readline'
import nacl from 'tweetnacl'
import express from 'express'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'

const app = express()
const server = app.listen(0, '127.0.0.1')
await new Promise((listening) => server.on('listening', listening))
console.log(JSON.stringify({ origin: `http://127.0.0.1:${server.address().port}` }))
createInterface({ input: process.stdin }).on('close', () => process.exit(0))

const received = []
app.post('/hooks', express.raw({ type: () => true }), (request, response) => {
  received.push({ body: request.body, headers: request.headers })
  response.sendStatus(204)
})

const judge = (library, secret, { body, headers }) => {
  try {
    return new library(secret).verify(body.toString(), headers).type
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`
  }
}
app.post('/judge', express.json(), ({ body: { secret } }, response) => {
  response.json(received.map((request) => ({
    id: request.headers['webhook-id'],
    standardwebhooks: judge(StandardWebhook, secret, request),
    svix: judge(SvixWebhook, secret, request),
    tampered: judge(StandardWebhook, secret, { ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) }),
  })))
})

// Standard Webhooks, Signature scheme: whpk_ and the base64 of a public key, which has 32 bytes (RFC 8032 5.1.5); v1a, and the
// base64 of a signature over id.timestamp.body.
const judgeKey = async (text, { body, headers }) => {
  const [, encoded] = /^whpk_([A-Za-z0-9+/]{43}=)$/.exec(text)
  const raw = new Uint8Array(Buffer.from(encoded, 'base64'))
  const key = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify'])
  const signed = new Uint8Array(Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body]))
  const found = { nacl: 0, webcrypto: 0, of: 0 }
  for (const one of headers['webhook-signature'].split(' ')) {
    const [version, signature] = one.split(',')
    if (version !== 'v1a') continue
    const bytes = new Uint8Array(Buffer.from(signature, 'base64'))
    found.of++
    found.nacl += nacl.sign.detached.verify(signed, bytes, raw)
    found.webcrypto += await crypto.subtle.verify('Ed25519', key, bytes, signed)
  }
  return found
}
app.post('/judge-key', express.json(), async ({ body: { public_key: key } }, response, next) => {
  try {
    response.json(await Promise.all(received.map(async (request) => ({
      type: JSON.parse(request.body.toString()).type,
      ...await judgeKey(key, request),
      tampered: await judgeKey(key, { ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) }),
    }))))
  } catch (error) {
    next(error)
  }
})
