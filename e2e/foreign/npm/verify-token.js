// Verifies a JWT with jose and prints what it says, or why it is refused.
import { createInterface } from 'node:readline'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const keys = new Map()
for await (const line of createInterface({ input: process.stdin })) {
  const { jwks, token, issuer, audience } = JSON.parse(line)
  if (!keys.has(jwks)) keys.set(jwks, createRemoteJWKSet(new URL(jwks)))
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys.get(jwks),
      { issuer, audience, algorithms: ['ES256'], requiredClaims: ['sub', 'sid', 'exp', 'iat'], maxTokenAge: '60s' })
    console.log(JSON.stringify({ payload, header: protectedHeader }))
  } catch (error) {
    console.log(JSON.stringify({ refused: error.code ?? error.name }))
  }
}
