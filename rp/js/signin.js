import { CurfewError } from "./errors.js";
import { encode } from "./idtoken.js";

// A sign-in under way is of one tab: sessionStorage keeps it across the way to the provider and back, and no other tab
// can answer for it. The code is worth nothing without the verifier that is kept here (RFC 7636).

const random = () => encode(crypto.getRandomValues(new Uint8Array(32)));
const sha256 = (text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));

// The parameters of an answer (RFC 6749 4.1.2, RFC 9207, Session Management 3).
const ours = ["code", "state", "iss", "session_state", "error", "error_description", "error_uri"];

/** SignIn begins sign-ins and sign-outs, and reads what they come back with. */
export class SignIn {
  #name;

  /** @param {string} name under which it keeps what is under way */
  constructor(name) {
    this.#name = name;
  }

  /**
   * begin returns the parameters of an authorization request and keeps what its answer is checked with.
   * @param {Record<string, string>} params
   * @param {unknown} appState
   */
  async begin(params, appState) {
    const pending = { state: random(), nonce: random(), verifier: random(), maxAge: params.max_age === undefined ? undefined : Number(params.max_age), appState };
    sessionStorage.setItem(`${this.#name} sign-in`, JSON.stringify(pending));
    return new URLSearchParams({
      ...params, response_type: "code", state: pending.state, nonce: pending.nonce,
      code_challenge: encode(await sha256(pending.verifier)), code_challenge_method: "S256",
    });
  }

  /** beginSignOut returns the state that the way back from a sign-out is known by. */
  beginSignOut() {
    const state = random();
    sessionStorage.setItem(`${this.#name} sign-out`, state);
    return state;
  }

  #take(what) {
    const kept = sessionStorage.getItem(`${this.#name} ${what}`);
    sessionStorage.removeItem(`${this.#name} ${what}`); // one use, whatever comes of it
    return kept;
  }

  /**
   * answer reads the address of the page and cleans it: a code stays in no history and goes out in no Referer. It returns
   * null where the address is nobody's answer.
   */
  answer() {
    const url = new URL(location.href);
    const q = url.searchParams;
    const got = Object.fromEntries(ours.map((name) => [name, q.get(name)]));
    if (!got.state) return null;
    const isAnswer = got.code !== null || got.error !== null;
    const isSignOut = !isAnswer && got.state === sessionStorage.getItem(`${this.#name} sign-out`);
    if (!isAnswer && !isSignOut) return null;
    for (const name of ours) q.delete(name);
    history.replaceState(history.state, "", url.pathname + url.search + url.hash);
    this.#take("sign-out");
    if (isSignOut) return { signedOut: true };
    const pending = JSON.parse(this.#take("sign-in"));
    if (!pending || got.state !== pending.state) {
      throw new CurfewError("state_mismatch", "this tab began no such sign-in");
    }
    return { ...got, pending };
  }
}

/**
 * checkIssuer refuses an answer that comes from another provider than the one asked (RFC 9207 2.4): a code of ours must
 * not be taken to a stranger, nor a stranger's to us.
 * @param {string | null} iss
 * @param {Record<string, any>} metadata
 */
export function checkIssuer(iss, metadata) {
  if (iss === null && metadata.authorization_response_iss_parameter_supported !== true) return;
  if (iss !== metadata.issuer) throw new CurfewError("issuer_mismatch", `the answer is of ${iss ?? "nobody"}`);
}
