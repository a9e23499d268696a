import assert from "node:assert/strict";
import { test } from "node:test";
import { moment } from "../clock.js";
import { check, encode } from "../idtoken.js";

const kinds = {
  ES256: [{ name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }],
  RS256: [{ name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, { name: "RSASSA-PKCS1-v1_5" }],
  PS256: [{ name: "RSA-PSS", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, { name: "RSA-PSS", saltLength: 32 }],
  EdDSA: [{ name: "Ed25519" }, { name: "Ed25519" }],
};
const text = (s) => new TextEncoder().encode(s);
const part = (v) => encode(text(JSON.stringify(v)));

const pairs = {};
for (const [alg, [generate]] of Object.entries(kinds)) pairs[alg] = await crypto.subtle.generateKey(generate, true, ["sign", "verify"]);

const provider = {
  issuer: "https://id.example.com",
  async key(kid) {
    if (!pairs[kid]) return undefined;
    return { ...(await crypto.subtle.exportKey("jwk", pairs[kid].publicKey)), kid, alg: kid, use: "sig" };
  },
};
const good = { iss: provider.issuer, aud: "app", azp: "app", sub: "usr_1", sid: "ses_1", nonce: "n", iat: 1000, exp: 1060, auth_time: 990 };

async function sign(claims, header = {}) {
  const h = { alg: "ES256", kid: "ES256", typ: "JWT", ...header };
  const body = `${part(h)}.${part(claims)}`;
  const pair = pairs[h.kid] ?? pairs.ES256;
  return `${body}.${encode(await crypto.subtle.sign(kinds[h.kid]?.[1] ?? kinds.ES256[1], pair.privateKey, text(body)))}`;
}
const ask = (jwt, more) => check(jwt, { provider, clientId: "app", accessToken: "token", sentAt: moment(), nonce: "n", ...more });

for (const alg of Object.keys(kinds)) {
  test(`${alg} signs`, async () => {
    const hash = await crypto.subtle.digest(alg === "EdDSA" ? "SHA-512" : "SHA-256", text("token"));
    const claims = { ...good, at_hash: encode(hash.slice(0, hash.byteLength / 2)) };
    assert.deepEqual(await ask(await sign(claims, { alg, kid: alg })), claims);
    await assert.rejects(ask(await sign({ ...claims, at_hash: "x" }, { alg, kid: alg })), { code: "id_token_invalid" });
  });
}

test("the clock of this machine does not matter", async () => {
  assert.equal((await ask(await sign({ ...good, iat: 10, exp: 70 }))).iat, 10);
});

const refused = {
  "another issuer": { iss: "https://id.example.com/" },
  "another audience": { aud: ["other"] },
  "another party": { aud: ["app", "other"], azp: "other" },
  "no subject": { sub: "" },
  "no life": { exp: 1000 },
  "no exp": { exp: undefined },
};
for (const [name, change] of Object.entries(refused)) {
  test(`refused: ${name}`, async () => assert.rejects(ask(await sign({ ...good, ...change })), { code: "id_token_invalid" }));
}

test("refused: another nonce", async () => {
  await assert.rejects(ask(await sign({ ...good, nonce: "m" })), { code: "nonce_mismatch" });
  await assert.rejects(ask(await sign({ ...good, nonce: undefined })), { code: "nonce_mismatch" });
});

test("refused: older than its life by the time it was asked for", async () => {
  const { mono, wall } = moment();
  await assert.rejects(ask(await sign(good), { sentAt: { mono: mono - 60_000, wall } }), /expired/);
});

test("refused: another user than before, and a sign-in older than asked for", async () => {
  await assert.rejects(ask(await sign(good), { before: { sub: "usr_2" } }), /another subject/);
  await assert.rejects(ask(await sign(good), { maxAge: 5 }), /too old/);
  assert.equal((await ask(await sign(good), { maxAge: 10, before: { sub: "usr_1" } })).sub, "usr_1");
});

test("refused: algorithms and keys that do not fit", async () => {
  const [h, c, s] = (await sign(good)).split(".");
  for (const header of [{ alg: "none" }, { alg: "HS256", kid: "ES256" }, { alg: "RS256", kid: "ES256" }, { alg: "ES256", kid: "RS256" },
    { alg: "ES256", kid: "gone" }, { alg: "toString", kid: "ES256" }, { alg: "ES256", kid: "ES256", crit: ["x"] }]) {
    await assert.rejects(ask(`${part(header)}.${c}.${s}`), { code: "id_token_invalid" }, JSON.stringify(header));
  }
  for (const jwt of [`${h}.${c}.`, `${h}.${part({ ...good, sub: "usr_2" })}.${s}`, `${h}.${c}`, `${h}.${c}.${s}.`, `${h}.${c}.${s}=`, "", "..", `${h}.###.${s}`]) {
    await assert.rejects(ask(jwt), { code: "id_token_invalid" }, jwt);
  }
});
