import { EventParser } from "./events.js";
import { retryAfter } from "./provider.js";

// A heartbeat comes every 15 s. A connection that says nothing for longer is one whose other end is gone.
const silence = 40_000;
const patience = 10_000; // for the headers of the answer

// Live listens for the end of the session. EventSource cannot send a token, so this is fetch. One tab of a browser
// listens, the one that was brought to the front last: it takes the lock away from the others, because a tab behind may
// be suspended without being asked and would keep it. Two listeners for a moment do no harm.
export class Live {
  #name;
  #host;
  #turn = null;
  #lastId = "";

  /**
   * @param {string} name of the lock
   * @param {object} host
   * @param {() => Promise<string | undefined>} host.url of the stream
   * @param {() => string | null} host.token that is alive
   * @param {(signal: AbortSignal) => Promise<void>} host.changed resolves when there may be another token
   * @param {(signal: AbortSignal) => Promise<unknown>} host.refused the token is dead at the provider
   * @param {() => Promise<unknown>} host.look the stream has lost its place
   * @param {(event: Record<string, any>) => void} host.ended
   */
  constructor(name, host) {
    this.#name = name;
    this.#host = host;
  }

  /** @param {boolean} front whether the tab was brought to the front: then it listens at once */
  start(front) {
    if (this.#turn?.listening || (this.#turn && !front)) return;
    this.stop();
    const turn = { cut: new AbortController(), listening: false };
    this.#turn = turn;
    // A request that steals takes no signal; one that waits is called off by it.
    const options = front ? { steal: true } : { signal: turn.cut.signal };
    navigator.locks
      .request(this.#name, options, async () => {
        if (turn.cut.signal.aborted) return;
        turn.listening = true;
        await this.#follow(turn.cut.signal);
        if (this.#turn === turn) this.#turn = null;
      })
      .catch(() => {
        if (turn.cut.signal.aborted) return;
        turn.cut.abort(); // another tab took the lock away; this one waits until it is free again
        if (this.#turn === turn) this.#turn = null;
        this.start(false);
      });
  }

  stop() {
    this.#turn?.cut.abort();
    this.#turn = null;
    this.#lastId = "";
  }

  async #follow(signal) {
    let failures = 0;
    while (!signal.aborted) {
      let url;
      try {
        url = await this.#host.url();
      } catch {
        await sleep(5000, signal);
        continue;
      }
      if (!url) return;
      const token = this.#host.token();
      if (!token) {
        await this.#host.changed(signal);
        continue;
      }
      const { status, heard, wait } = await this.#listen(url, token, signal);
      if (signal.aborted) return;
      if (status === 401 && this.#host.token() === token) {
        await this.#host.refused(signal).catch(() => {});
      }
      if (status === 403 || status === 404) return; // a provider without the stream, or one that will not
      failures = heard ? 0 : failures + 1;
      // A stream ends with its token; with the next one it goes on at once.
      const pause = heard ? (this.#host.token() === token ? 1000 : 0) : Math.min(15_000, 500 * 2 ** failures);
      await sleep(Math.max(wait, pause), signal);
    }
  }

  /** #listen follows one connection until it is over. */
  async #listen(url, token, signal) {
    const cut = new AbortController();
    const stop = () => cut.abort();
    signal.addEventListener("abort", stop);
    let dog = setTimeout(stop, patience);
    let status = 0;
    let heard = false;
    try {
      const headers = { Authorization: `Bearer ${token}`, Accept: "text/event-stream" };
      if (this.#lastId) headers["Last-Event-ID"] = this.#lastId;
      const res = await fetch(url, { headers, signal: cut.signal, cache: "no-store", credentials: "omit", redirect: "error" });
      status = res.status;
      if (!res.ok) return { status, heard, wait: retryAfter(res) };
      const parser = new EventParser();
      const text = res.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        clearTimeout(dog);
        dog = setTimeout(stop, silence);
        const { done, value } = await text.read();
        if (done) break;
        heard = true;
        for (const event of parser.push(value)) await this.#tell(event, signal);
        this.#lastId = signal.aborted ? "" : parser.lastId;
      }
    } catch {
      // Cut by the network, by the watchdog or by stop: the loop goes on from the last id, or ends.
    } finally {
      clearTimeout(dog);
      signal.removeEventListener("abort", stop);
      cut.abort();
    }
    return { status, heard, wait: 0 };
  }

  async #tell({ type, data }, signal) {
    if (signal.aborted) return;
    if (type === "reset") await this.#host.look().catch(() => {});
    if (type !== "session.ended") return;
    const event = JSON.parse(data);
    if (event.current) this.#host.ended(event);
  }
}

const sleep = (ms, signal) =>
  new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
