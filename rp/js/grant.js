import { moment } from "./clock.js";
import { CurfewError } from "./errors.js";
import { ask, retryAfter } from "./provider.js";

/**
 * @typedef {object} Answer what the token endpoint gave (RFC 6749 5.1)
 * @property {string} accessToken
 * @property {string} [refreshToken]
 * @property {string} [idToken]
 * @property {string} [scope]
 * @property {number} life of the access token, in milliseconds from sentAt
 * @property {import("./clock.js").Moment} sentAt
 */

/**
 * request sends one token request of a public client. It rejects with `unavailable` where nothing has been decided.
 * @param {import("./provider.js").Provider} provider
 * @param {Record<string, string>} params
 * @returns {Promise<Answer>}
 */
export async function request(provider, params) {
  const { token_endpoint } = await provider.metadata();
  const sentAt = moment();
  const res = await ask(token_endpoint, { method: "POST", body: new URLSearchParams(params), cache: "no-store" });
  const body = await res.json().catch(() => null);
  // Only an answer in the form of RFC 6749 5.2 decides: proxies and captive portals have opinions, too.
  if (!res.ok && (res.status >= 500 || res.status === 429 || typeof body?.error !== "string")) {
    throw new CurfewError("unavailable", `the token endpoint answers ${res.status}`, { retryAfter: retryAfter(res) });
  }
  if (!res.ok) throw new CurfewError(body.error, body.error_description ?? "the token endpoint refuses");
  if (typeof body?.access_token !== "string" || String(body.token_type).toLowerCase() !== "bearer") {
    throw new CurfewError("unavailable", "the token endpoint gave no bearer token");
  }
  return {
    accessToken: body.access_token, refreshToken: body.refresh_token, idToken: body.id_token, scope: body.scope,
    life: (body.expires_in ?? 60) * 1000, sentAt,
  };
}
