import { Announcer } from "./announce.js";
import { Life } from "./clock.js";
import { CurfewError, temporary } from "./errors.js";
import { request } from "./grant.js";
import { check, read } from "./idtoken.js";
import { Live } from "./live.js";
import { reasonOf } from "./reasons.js";
import { Shelf } from "./shelf.js";

// The error codes of a token request that leave a session without a future (RFC 6749 5.2).
const final = ["invalid_grant", "invalid_client", "unauthorized_client"];

// Pauses after a refresh that failed, in milliseconds. The first two lie within the ten seconds in which the provider
// gives the same successor again, should only the answer have been lost.
const retries = [1000, 2000, 4000, 8000, 15_000];

// A tab waits so long for a token that another one has got, before it asks the provider itself.
const hearsay = 150;

/**
 * Keeper keeps the session of a browser in step in this tab: it renews ahead of time, one tab at a time, hears of the end,
 * and shares both with the other tabs.
 */
export class Keeper {
  changes = new Announcer();
  ends = new Announcer();
  /** What this tab knows of the shelf's entry: { key, claims, idToken, renewable }. */
  session = null;
  token = null; // { n, value, life, scope }
  trouble = null;
  skew = 0;

  #provider;
  #clientId;
  #name;
  #shelf;
  #live;
  #channel = null;
  #began = null;
  #renewal = null; // the renewal that is due
  #queued = null; // a refresh that was asked for and has not been sent
  #failures = 0;
  #timers = [];

  /**
   * @param {string} name of what the tabs share
   * @param {import("./provider.js").Provider} provider
   * @param {string} clientId
   * @param {boolean} live whether to listen for the end
   */
  constructor(name, provider, clientId, live) {
    this.#name = name;
    this.#provider = provider;
    this.#clientId = clientId;
    this.#shelf = new Shelf(name);
    this.#live = live && new Live(`${name} listen`, {
      url: async () => (await provider.metadata()).session_events_endpoint,
      token: () => (this.left() > 0 ? this.token.value : null),
      changed: (signal) => this.changes.next(signal),
      refused: (signal) => (document.hidden ? this.changes.next(signal) : this.refresh()),
      look: () => this.refresh(),
      ended: (e) => this.end(reasonOf(e), { status: e.status, reason: e.reason, endedAt: e.ended_at }),
    });
  }

  left() {
    return this.token?.life.left() ?? 0;
  }

  /** begin takes up the session that the browser has, once, and resolves when it is known whether that is good. */
  begin() {
    this.#began ??= (async () => {
      this.#open();
      if (this.#accept(await this.#shelf.read()) && this.left() === 0) await this.renew().catch(() => {});
    })().catch((cause) => {
      this.#began = null;
      throw new CurfewError("unsupported", "IndexedDB cannot be used", { cause });
    });
    return this.#began;
  }

  #open() {
    if (this.#channel) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = (e) => this.#hear(e.data);
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake());
    addEventListener("pageshow", (e) => e.persisted && this.#wake());
    addEventListener("online", () => this.#wake());
  }

  /** start begins a session with what a sign-in gave. */
  async start(got) {
    const entry = { key: crypto.randomUUID(), n: 1, refreshToken: got.refreshToken, idToken: got.idToken };
    await this.#shelf.write(entry);
    this.#open();
    this.#enter(entry);
    this.#hold(entry, got);
  }

  // ---- Renewing ----

  /** renew gets a newer token than this tab has, wherever it comes from. */
  renew() {
    this.#renewal ??= this.#alone(() => this.#next(false)).finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  /** refresh gets a token that is made after the call. */
  refresh() {
    if (this.#queued) return this.#queued; // waits for the lock; one that is under way may be too old
    const mine = this.#alone(() => {
      if (this.#queued === mine) this.#queued = null;
      return this.#next(true);
    }).finally(() => {
      if (this.#queued === mine) this.#queued = null;
    });
    return (this.#queued = mine);
  }

  /** #alone works under the lock that keeps two tabs from presenting the same refresh token at once. */
  async #alone(work) {
    try {
      await navigator.locks.request(`${this.#name} refresh`, { signal: AbortSignal.timeout(15_000) }, () => whileHere(work));
      this.#failures = 0;
      this.trouble = null;
      this.#changed();
    } catch (cause) {
      const error = cause instanceof CurfewError ? cause : new CurfewError("unavailable", "the refresh did not go through", { cause });
      const pause = Math.max(error.retryAfter, retries[Math.min(this.#failures++, retries.length - 1)]);
      this.trouble = this.session ? error : null;
      this.#changed(pause);
      throw error;
    }
  }

  async #next(fresh) {
    const entry = await this.#shelf.read();
    if (!this.#accept(entry)) throw new CurfewError("signed_out", "the session has ended");
    if (!fresh && (await this.#toldBy(entry.n))) return;
    if (!entry.refreshToken) throw new CurfewError("stale", "this client has no refresh token");
    let got;
    try {
      got = await request(this.#provider, { grant_type: "refresh_token", refresh_token: entry.refreshToken, client_id: this.#clientId });
    } catch (error) {
      if (!final.includes(error.code)) throw error;
      await this.end("ended");
      throw new CurfewError("signed_out", "the session has ended", { cause: error });
    }
    // The token presented is spent: its successor is put away before anything else can go wrong.
    const next = { ...entry, n: entry.n + 1, refreshToken: got.refreshToken ?? entry.refreshToken };
    const replaced = await this.#shelf.replace(entry, next);
    if (!replaced) {
      this.#accept(await this.#shelf.read()); // signed out meanwhile: nothing brings it back
      throw new CurfewError("signed_out", "the session has ended");
    }
    if (got.idToken) {
      await this.#confirm(got);
      next.idToken = got.idToken;
      await this.#shelf.replace(next, next);
    }
    this.#hold(next, got);
  }

  async #confirm(got) {
    try {
      await check(got.idToken, { ...got, provider: this.#provider, clientId: this.#clientId, before: this.session?.claims });
    } catch (error) {
      if (!temporary(error)) await this.end("ended", { error: error.code });
      throw error;
    }
  }

  /** #toldBy waits a moment for the n-th token, which another tab has got. A tab that is gone says nothing. */
  async #toldBy(n) {
    const good = () => this.token?.n === n && this.left() > this.token.life.total / 3;
    if (this.token?.n !== n) {
      this.#post({ type: "ask" });
      const until = AbortSignal.timeout(hearsay);
      while (!good() && !until.aborted) await this.changes.next(until);
    }
    return good();
  }

  // ---- In step with the other tabs ----

  /** #accept brings this tab in step with the shelf, and returns whether there is a session. */
  #accept(entry) {
    if (entry && !entry.ended) {
      this.#enter(entry);
      return true;
    }
    const { reason = "ended", detail } = entry?.ended ?? {};
    void this.end(reason, detail, { heard: true });
    return false;
  }

  #enter(entry) {
    const { key, idToken } = entry;
    if (this.session?.key === key) return;
    const { claims } = read(idToken);
    // Somebody signed in as another in another tab: what this one shows is of the session before. Who proved more in
    // the same session has not left it.
    const same = this.session && this.session.claims.sid === claims.sid && this.session.claims.sub === claims.sub;
    if (!same) void this.end("switched", undefined, { heard: true });
    this.session = { key, claims, idToken, renewable: Boolean(entry.refreshToken) };
    this.token = null;
    if (this.#live) this.#live.start(!document.hidden);
    this.#changed();
  }

  /** #hold takes a token that this tab was given, and tells the others. */
  #hold(entry, { accessToken, sentAt, life, scope, idToken }) {
    if (this.session?.key !== entry.key) return; // ended meanwhile
    if (idToken) this.skew = Math.round(read(idToken).claims.iat * 1000 - sentAt.wall);
    this.#adopt({ n: entry.n, value: accessToken, life: new Life(sentAt, life), scope }, entry.idToken);
    this.#share();
  }

  #adopt(token, idToken) {
    Object.assign(this.session, { idToken, claims: read(idToken).claims });
    this.token = token;
    this.trouble = null;
    this.#changed();
  }

  #share() {
    if (this.left() === 0) return;
    const { key, idToken } = this.session;
    this.#post({ type: "token", key, idToken, skew: this.skew, token: { ...this.token, life: this.token.life.pack() } });
  }

  #post(message) {
    this.#channel?.postMessage(message);
  }

  async #hear(message) {
    if (message.type === "ask") return this.#share();
    if (message.type === "ended" && message.key === this.session?.key) {
      return this.end(message.reason, message.detail, { heard: true });
    }
    if (message.type !== "token") return;
    // It may have been a while under way: only what is on the shelf is a session.
    if (message.key !== this.session?.key && !this.#accept(await this.#shelf.read())) return;
    if (message.key !== this.session?.key || message.token.n <= (this.token?.n ?? 0)) return;
    this.skew = message.skew;
    this.#adopt({ ...message.token, life: Life.unpack(message.token.life) }, message.idToken);
  }

  /** #wake is for a tab that was away, or without a network: timers ran late, messages may be missing. */
  async #wake() {
    if (!this.#accept(await this.#shelf.read())) return;
    if (this.#live) this.#live.start(!document.hidden);
    this.#failures = 0;
    this.#changed();
  }

  /**
   * end is the only way a session ends in this tab, so it is told once.
   * @param {string} reason
   * @param {object} [detail]
   * @param {{ heard?: boolean, quietly?: boolean }} [how] heard: the others know; quietly: who asked knows
   */
  async end(reason, detail, { heard = false, quietly = false } = {}) {
    if (!this.session) return;
    const { key } = this.session;
    this.session = this.token = this.trouble = null;
    if (this.#live) this.#live.stop();
    this.#changed();
    if (!quietly) this.ends.tell(reason, detail);
    if (heard) return;
    // What stays on the shelf is why, for tabs that are frozen and hear nothing. Where it cannot be written, the token
    // that stays is one that the provider refuses.
    await this.#shelf.replace({ key }, { key, n: 0, ended: { reason, detail } }).catch(() => {});
    this.#post({ type: "ended", key, reason, detail });
  }

  // ---- Time ----

  #changed(pause = 0) {
    this.#schedule(pause);
    this.changes.tell();
  }

  /** #schedule sets when to look next: the renewal at two thirds of the life, and the moment at which the token dies. */
  #schedule(pause) {
    this.#timers.forEach(clearTimeout);
    this.#timers = [];
    if (!this.session) return;
    const left = this.left();
    if (left > 0) this.#timers.push(setTimeout(() => this.#died(), left + 20));
    // A page that nobody looks at renews nothing: a session that nobody uses is idle.
    if (document.hidden || !this.session.renewable) return;
    const due = left - (this.token?.life.total ?? 0) / 3;
    this.#timers.push(setTimeout(() => this.renew().catch(() => {}), Math.max(pause, due)));
  }

  #died() {
    if (this.left() > 0) return this.#changed(); // the clocks had another opinion
    if (this.session && !this.session.renewable) return void this.end("expired");
    this.changes.tell(); // stale; a retry that was set goes on
  }
}

/**
 * whileHere gives up when the page is left: a page that is slow to go, or is put aside whole, must not keep the lock. What
 * comes of the work after that is checked against the shelf like everything else.
 * @param {() => Promise<void>} work
 */
function whileHere(work) {
  return new Promise((resolve, reject) => {
    const left = () => reject(new CurfewError("unavailable", "the page was left"));
    addEventListener("pagehide", left);
    work().then(resolve, reject).finally(() => removeEventListener("pagehide", left));
  });
}
