import { banner, nameOf } from "./banner.js";
import { CurfewError, temporary } from "./errors.js";
import { request } from "./grant.js";
import { check } from "./idtoken.js";
import { Keeper } from "./keeper.js";
import { Provider, ask, json } from "./provider.js";
import { SignIn, checkIssuer } from "./signin.js";

export { CurfewError };

/**
 * Curfew signs people in to a browser app and keeps their tokens: one refresher, one listener and one session for all tabs
 * of a browser. README.md says how it is used; what each member means stands in curfew.d.ts.
 */
export class Curfew {
  #options;
  #provider;
  #signIn;
  #keeper;

  /** @param {import("./curfew.d.ts").Options} options */
  constructor(options) {
    const { issuer, clientId, redirectUri } = options;
    if (!issuer || !clientId || !redirectUri) throw new TypeError("curfew: issuer, clientId and redirectUri are required");
    if (!globalThis.isSecureContext || !globalThis.crypto?.subtle || !navigator.locks) {
      throw new CurfewError("unsupported", "needs https (or localhost) and a browser with WebCrypto and Web Locks");
    }
    this.#options = { scope: "openid profile email", live: true, ...options };
    const name = `curfew ${issuer} ${clientId}`;
    this.#provider = new Provider(issuer);
    this.#signIn = new SignIn(name);
    this.#keeper = new Keeper(name, this.#provider, clientId, this.#options.live);
  }

  /** @returns {import("./curfew.d.ts").Claims | null} */
  get user() {
    return this.#keeper.session?.claims ?? null;
  }

  /** @returns {import("./curfew.d.ts").Actor | null} */
  get actor() {
    return this.user?.act ?? null;
  }

  /** @returns {import("./curfew.d.ts").State} */
  get state() {
    if (!this.#keeper.session) return "signed_out";
    return this.left() > 0 ? "live" : "stale";
  }

  get trouble() {
    return this.#keeper.trouble;
  }

  get skew() {
    return this.#keeper.skew;
  }

  get life() {
    return this.#keeper.token?.life.total ?? 0;
  }

  left() {
    return this.#keeper.left();
  }

  onChange(fn) {
    return this.#keeper.changes.add(() => fn(this));
  }

  onSessionEnd(fn) {
    return this.#keeper.ends.add(fn);
  }

  mountBanner(element = document.body, { words, user } = {}) {
    let shown = null;
    let said = "";
    const show = () => {
      const about = this.actor && {
        user: user?.() || nameOf(this.user), actor: nameOf(this.actor), stopURL: `${this.#options.issuer.replace(/\/$/, "")}/impersonate/stop`, words,
      };
      const now = about ? `${about.user}\n${about.actor}` : "";
      if (now === said && (!shown || shown.isConnected)) return; // a banner that is drawn again loses the focus
      said = now;
      shown?.remove();
      shown = about && banner(about);
      if (shown) element.prepend(shown);
    };
    const stops = [this.onChange(show), this.onSessionEnd(show)];
    show();
    return () => {
      for (const stop of stops) stop();
      shown?.remove();
      shown = null;
    };
  }

  async signIn({ params = {}, appState } = {}) {
    const { authorization_endpoint } = await this.#provider.metadata();
    const { clientId, redirectUri, scope } = this.#options;
    const q = await this.#signIn.begin({ scope, ...params, client_id: clientId, redirect_uri: redirectUri }, appState);
    location.assign(extend(authorization_endpoint, q));
  }

  async handleRedirect() {
    const answer = this.#signIn.answer();
    if (answer?.pending) await this.#redeem(answer);
    await this.#keeper.begin();
    return {
      user: this.user, signedIn: answer?.pending !== undefined, signedOut: answer?.signedOut === true, appState: answer?.pending?.appState,
    };
  }

  async #redeem({ code, iss, error, error_description, pending }) {
    checkIssuer(iss, await this.#provider.metadata());
    if (error) throw new CurfewError(error, error_description ?? "the provider refuses");
    const { clientId, redirectUri } = this.#options;
    const got = await request(this.#provider, {
      grant_type: "authorization_code", code, redirect_uri: redirectUri, client_id: clientId, code_verifier: pending.verifier,
    });
    if (!got.idToken) throw new CurfewError("id_token_invalid", "there is none; is openid in the scope?");
    await check(got.idToken, { ...got, provider: this.#provider, clientId, nonce: pending.nonce, maxAge: pending.maxAge });
    await this.#keeper.start(got);
  }

  async accessToken() {
    const keeper = this.#keeper;
    await keeper.begin();
    if (keeper.session && this.left() < Math.min(2000, this.life / 10)) { // it would arrive dead
      await keeper.renew().catch((error) => {
        if (this.left() > 0 || !keeper.session) return;
        throw temporary(error) ? new CurfewError("stale", "the token is dead, and no new one is to be had for now", { cause: error }) : error;
      });
    }
    if (!keeper.token) throw new CurfewError("signed_out", "there is no session");
    return keeper.token.value;
  }

  async refresh() {
    await this.#keeper.begin();
    await this.#keeper.refresh();
  }

  async userinfo() {
    const token = await this.accessToken();
    const { userinfo_endpoint } = await this.#provider.metadata();
    const claims = await ask(userinfo_endpoint, { headers: { Authorization: `Bearer ${token}` }, cache: "no-store" }).then(json);
    if (claims.sub !== this.user?.sub) throw new CurfewError("unavailable", "userinfo is of somebody else"); // Core 5.3.2
    return claims;
  }

  async signOut({ params = {} } = {}) {
    await this.#keeper.begin();
    const { end_session_endpoint } = await this.#provider.metadata();
    const hint = this.#keeper.session?.idToken;
    await this.#keeper.end("signed_out", undefined, { quietly: true });
    if (!end_session_endpoint) return;
    const { clientId, postLogoutRedirectUri } = this.#options;
    const q = new URLSearchParams({ ...params, client_id: clientId });
    if (hint) q.set("id_token_hint", hint);
    if (postLogoutRedirectUri) {
      q.set("post_logout_redirect_uri", postLogoutRedirectUri);
      q.set("state", this.#signIn.beginSignOut());
    }
    location.assign(extend(end_session_endpoint, q));
  }
}

const extend = (endpoint, q) => `${endpoint}${endpoint.includes("?") ? "&" : "?"}${q}`;
