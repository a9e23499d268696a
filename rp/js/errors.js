/**
 * Whatever this module rejects with. `code` is for programs, the message for developers; neither is for users.
 *
 * - `signed_out`: there is no session
 * - `stale`: there is one, but its token is dead and no new one is to be had for now (no network, no answer)
 * - `unavailable`: the provider does not answer; trying again may help
 * - `state_mismatch`, `issuer_mismatch`, `nonce_mismatch`, `id_token_invalid`: an answer that was refused
 * - `discovery_invalid`: the provider's metadata is not of this issuer
 * - `unsupported`: the browser or the page lacks what is needed (a secure context, Web Locks, an algorithm)
 * - any other: the error code that the provider answered with, such as `access_denied`
 */
export class CurfewError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{ cause?: unknown, retryAfter?: number }} [more] retryAfter in milliseconds
   */
  constructor(code, message, { cause, retryAfter = 0 } = {}) {
    super(`${code}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = "CurfewError";
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** temporary tells whether trying again may help. */
export const temporary = (error) => error instanceof CurfewError && error.code === "unavailable";
