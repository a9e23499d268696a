// A receiver of webhooks that leaves it to svix and standardwebhooks whether a request is good, for webhooks_test.go. POST
// /hooks takes what is sent; POST /judge with {secret} tells what each library makes of each request so far.
import { createInterface } from 'node:readline'
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
