// Two clocks, because each has a hole: performance.now() may stand still while the machine sleeps, Date.now() jumps
// when somebody sets it. What has passed is the longer of both: a token is then thrown away too early at times, never
// used too late. No time of day is ever compared with the server's.

/** @typedef {{ mono: number, wall: number }} Moment both in milliseconds */

/** @returns {Moment} */
export const moment = () => ({ mono: performance.now(), wall: Date.now() });

/**
 * since returns the milliseconds that have passed, or more.
 * @param {Moment} then
 */
export const since = (then, now = moment()) => Math.max(0, now.mono - then.mono, now.wall - then.wall);

/** Life is that of a token: so many milliseconds from the moment at which it was asked for. */
export class Life {
  /**
   * @param {Moment} from before the request was sent: the answer's way must not lengthen a life
   * @param {number} total in milliseconds
   */
  constructor(from, total) {
    this.from = from;
    this.total = total;
  }

  left() {
    return Math.max(0, this.total - since(this.from));
  }

  /** Other tabs have another zero of performance.now(): they are told what is left, and when that was said. */
  pack() {
    return { total: this.total, left: this.left(), said: Date.now() };
  }

  /** @param {{ total: number, left: number, said: number }} packed */
  static unpack({ total, left, said }) {
    const now = moment();
    const gone = total - left + Math.max(0, now.wall - said); // a tab that was frozen hears late
    return new Life({ mono: now.mono - gone, wall: now.wall - gone }, total);
  }
}
