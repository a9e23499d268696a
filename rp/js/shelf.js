// The shelf holds what the tabs of a browser share and what outlives a page: the refresh token, which is another one
// after each use, and the last ID token. It is IndexedDB and not localStorage: browsers let processes see each
// other's localStorage late, and a tab that reads the refresh token of before presents one that was used. A transaction
// sees what the last one left. README.md weighs what it means that scripts of the page can read it.

/**
 * @typedef {object} Entry
 * @property {string} key of the session, made up by the tab that signed in
 * @property {number} n counts the tokens of the session
 * @property {string} [refreshToken]
 * @property {string} [idToken]
 * @property {{ reason: string, detail?: object }} [ended] then it holds no token any more
 */

const store = "sessions";

/** Shelf keeps one entry under a name. */
export class Shelf {
  #name;
  #db = null;

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
  }

  /** @returns {Promise<Entry | undefined>} */
  read() {
    return this.#run("readonly", (s, done) => {
      s.get(this.#name).onsuccess = (e) => done(e.target.result);
    });
  }

  /** @param {Entry} entry */
  write(entry) {
    return this.#run("readwrite", (s) => s.put(entry, this.#name));
  }

  /**
   * replace writes an entry if the one there is still that of before, and returns whether it was.
   * @param {{ key: string, n?: number }} before without n any token of the session will do
   * @param {Entry} entry
   * @returns {Promise<boolean>}
   */
  replace(before, entry) {
    return this.#run("readwrite", (s, done) => {
      done(false);
      s.get(this.#name).onsuccess = ({ target: { result: now } }) => {
        if (!now || now.ended || now.key !== before.key || now.n !== (before.n ?? now.n)) return;
        s.put(entry, this.#name);
        done(true);
      };
    });
  }

  /** run resolves when the transaction is complete: before that other tabs do not see it. */
  async #run(mode, work) {
    this.#db ??= open();
    const db = await this.#db.catch((error) => {
      this.#db = null;
      throw error;
    });
    db.onversionchange = db.onclose = () => {
      this.#db = null;
      db.close();
    };
    return new Promise((resolve, reject) => {
      let result;
      const tx = db.transaction(store, mode);
      tx.oncomplete = () => resolve(result);
      tx.onabort = tx.onerror = () => reject(tx.error);
      work(tx.objectStore(store), (value) => {
        result = value;
      });
    });
  }
}

function open() {
  return new Promise((resolve, reject) => {
    const req = indexedDB.open("curfew", 1);
    req.onupgradeneeded = () => req.result.createObjectStore(store);
    req.onsuccess = () => resolve(req.result);
    req.onerror = () => reject(req.error);
  });
}
