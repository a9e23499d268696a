import { CurfewError } from "./errors.js";

// One request may take so long. A refresh whose answer was lost is tried again within the ten seconds in which the
// provider gives the same successor once more.
const patience = 4000;

/** Provider is what there is to know of an issuer: its metadata and its keys. */
export class Provider {
  #metadata = null;
  #keys = null;
  #keysAt = -Infinity;

  /** @param {string} issuer */
  constructor(issuer) {
    this.issuer = issuer;
  }

  /** metadata is asked for once, and again after a failure. */
  metadata() {
    this.#metadata ??= this.#discover().catch((error) => {
      this.#metadata = null;
      throw error;
    });
    return this.#metadata;
  }

  async #discover() {
    const doc = await ask(`${this.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`).then(json);
    // OpenID Connect Discovery 4.3: otherwise anybody's document could speak for this issuer.
    if (doc?.issuer !== this.issuer) throw new CurfewError("discovery_invalid", `the metadata is of ${doc?.issuer}`);
    for (const name of ["authorization_endpoint", "token_endpoint", "jwks_uri"]) {
      if (typeof doc[name] !== "string") throw new CurfewError("discovery_invalid", `${name} is missing`);
    }
    return doc;
  }

  /**
   * key returns a public key by its id, or undefined. An unknown one has the set read again, at most every ten
   * seconds: keys rotate, and an id that nobody knows must not become a flood.
   * @param {string} kid
   * @returns {Promise<JsonWebKey | undefined>}
   */
  async key(kid) {
    const find = () => this.#keys?.find((k) => k.kid === kid);
    if (!find() && performance.now() - this.#keysAt > 10_000) {
      const { jwks_uri } = await this.metadata();
      const { keys } = await ask(jwks_uri, { cache: "no-cache" }).then(json);
      this.#keys = Array.isArray(keys) ? keys : [];
      this.#keysAt = performance.now();
    }
    return find();
  }
}

/**
 * ask is fetch that gives up in time, sends no cookies and follows no redirect.
 * @param {string} url
 * @param {RequestInit} [init]
 */
export async function ask(url, init = {}) {
  try {
    return await fetch(url, { credentials: "omit", redirect: "error", signal: AbortSignal.timeout(patience), ...init });
  } catch (cause) {
    throw new CurfewError("unavailable", `${new URL(url).pathname} does not answer`, { cause });
  }
}

/** @param {Response} res */
export async function json(res) {
  if (!res.ok) throw new CurfewError("unavailable", `status ${res.status}`, { retryAfter: retryAfter(res) });
  try {
    return await res.json();
  } catch (cause) {
    throw new CurfewError("unavailable", "the answer is not JSON", { cause });
  }
}

/** retryAfter is in milliseconds, 0 where the server does not say. A date is not read: whose clock would it be? */
export const retryAfter = (res) => (Number.parseInt(res.headers.get("Retry-After") ?? "", 10) || 0) * 1000;
