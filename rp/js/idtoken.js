import { since } from "./clock.js";
import { CurfewError } from "./errors.js";

// What may sign: the name of JWS on the left, WebCrypto's on the right. Everything else is refused, "none" and the
// HMACs above all.
const algorithms = {
  ES256: { kty: "EC", members: ["crv", "x", "y"], key: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" }, hash: "SHA-256" },
  RS256: { kty: "RSA", members: ["n", "e"], key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, verify: { name: "RSASSA-PKCS1-v1_5" }, hash: "SHA-256" },
  PS256: { kty: "RSA", members: ["n", "e"], key: { name: "RSA-PSS", hash: "SHA-256" }, verify: { name: "RSA-PSS", saltLength: 32 }, hash: "SHA-256" },
  EdDSA: { kty: "OKP", members: ["crv", "x"], key: { name: "Ed25519" }, verify: { name: "Ed25519" }, hash: "SHA-512" },
};

const invalid = (message) => new CurfewError("id_token_invalid", message);

/** @param {BufferSource} bytes */
export const encode = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** @param {string} text base64url without padding (RFC 7515 2) */
function decode(text) {
  if (!/^[\w-]*$/.test(text)) throw invalid("not base64url");
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}

/**
 * read takes a JWT apart without believing it.
 * @param {string} jwt
 */
export function read(jwt) {
  const parts = jwt.split(".");
  if (parts.length !== 3) throw invalid("not three parts");
  try {
    const [header, claims] = parts.slice(0, 2).map((p) => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(decode(p))));
    return { header, claims, signed: new TextEncoder().encode(`${parts[0]}.${parts[1]}`), signature: decode(parts[2]) };
  } catch (cause) {
    throw cause instanceof CurfewError ? cause : invalid("not a JWT");
  }
}

/**
 * check returns the claims of an ID token that is good (OpenID Connect Core 3.1.3.7, and 12.2 for one of a refresh).
 * @param {string} jwt
 * @param {object} expected
 * @param {import("./provider.js").Provider} expected.provider
 * @param {string} expected.clientId
 * @param {string} expected.accessToken that came with it
 * @param {import("./clock.js").Moment} expected.sentAt when it was asked for
 * @param {string} [expected.nonce] of the sign-in
 * @param {number} [expected.maxAge] that the sign-in asked for, in seconds
 * @param {Record<string, any>} [expected.before] claims of the session so far
 */
export async function check(jwt, { provider, clientId, accessToken, sentAt, nonce, maxAge, before }) {
  const { header, claims, signed, signature } = read(jwt);
  const alg = Object.hasOwn(algorithms, header.alg) ? algorithms[header.alg] : null;
  if (!alg) throw invalid(`algorithm ${header.alg}`);
  if (header.crit !== undefined) throw invalid("an extension that is not known"); // RFC 7515 4.1.11
  await verify(provider, header, alg, signed, signature);

  if (claims.iss !== provider.issuer) throw invalid(`issuer ${claims.iss}`);
  if (![claims.aud].flat().includes(clientId)) throw invalid("not for this client");
  if ((claims.azp ?? clientId) !== clientId) throw invalid("issued to another client");
  if (typeof claims.sub !== "string" || claims.sub === "") throw invalid("no subject");
  // Rule 9 without a clock to trust: it was made after it was asked for, by the clock that wrote iat and exp. So it is
  // dead when as much time as lies between the two has passed here.
  if (!Number.isFinite(claims.iat) || !Number.isFinite(claims.exp) || since(sentAt) >= (claims.exp - claims.iat) * 1000) {
    throw invalid("expired");
  }
  if (nonce !== undefined && claims.nonce !== nonce) throw new CurfewError("nonce_mismatch", "the ID token is of another sign-in");
  if (maxAge !== undefined && !(claims.iat - claims.auth_time <= maxAge)) throw invalid("the sign-in is too old");
  if (before && claims.sub !== before.sub) throw invalid("another subject than before");
  if (claims.at_hash !== undefined && claims.at_hash !== (await halfHash(alg.hash, accessToken))) {
    throw invalid("not of this access token"); // 3.1.3.8
  }
  return claims;
}

async function verify(provider, header, alg, signed, signature) {
  const jwk = await provider.key(header.kid);
  if (!jwk || jwk.kty !== alg.kty || (jwk.alg ?? header.alg) !== header.alg || jwk.use === "enc") throw invalid(`no key ${header.kid}`);
  // Of the key only what it is made of: browsers differ in which other members they put up with.
  const bare = Object.fromEntries([["kty", jwk.kty], ...alg.members.map((m) => [m, jwk[m]])]);
  let key;
  try {
    key = await crypto.subtle.importKey("jwk", bare, alg.key, false, ["verify"]);
  } catch (cause) {
    if (cause?.name === "NotSupportedError") throw new CurfewError("unsupported", `this browser cannot check ${header.alg}`, { cause });
    throw invalid(`key ${header.kid} is broken`);
  }
  if (!(await crypto.subtle.verify(alg.verify, key, signature, signed))) throw invalid("signature");
}

async function halfHash(hash, text) {
  const sum = await crypto.subtle.digest(hash, new TextEncoder().encode(text));
  return encode(sum.slice(0, sum.byteLength / 2));
}
