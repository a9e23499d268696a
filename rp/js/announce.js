/** Announcer tells everybody who wants to know, and wakes who waits. */
export class Announcer {
  #listeners = new Set();
  #waiting = new Set();

  /** add returns what takes the listener away again. */
  add(fn) {
    this.#listeners.add(fn);
    return () => void this.#listeners.delete(fn);
  }

  /** tell calls everybody, whatever one of them throws. */
  tell(...args) {
    for (const wake of [...this.#waiting]) wake();
    for (const fn of [...this.#listeners]) {
      try {
        fn(...args);
      } catch (error) {
        reportError(error);
      }
    }
  }

  /**
   * next resolves when something is told, or at the signal.
   * @param {AbortSignal} [signal]
   */
  next(signal) {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      if (signal?.aborted) return resolve();
      this.#waiting.add(done);
      signal?.addEventListener("abort", done);
    });
  }
}
