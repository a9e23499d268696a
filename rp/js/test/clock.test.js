import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Life, moment, since } from "../clock.js";

const real = { wall: Date.now, mono: performance.now };
let wall, mono;

function clocks() {
  wall = 1_700_000_000_000;
  mono = 5000;
  Date.now = () => wall;
  performance.now = () => mono;
}
afterEach(() => {
  Date.now = real.wall;
  performance.now = real.mono;
});

test("a life ends by whichever clock went further", () => {
  clocks();
  const life = new Life(moment(), 60_000);
  mono += 20_000;
  wall += 20_000;
  assert.equal(life.left(), 40_000);
  wall -= 3_600_000; // somebody set the clock back
  assert.equal(life.left(), 40_000);
  wall += 3_600_000 + 30_000; // the machine slept, and performance.now() with it
  assert.equal(life.left(), 10_000);
  mono += 60_000;
  assert.equal(life.left(), 0);
});

test("time never runs backwards", () => {
  clocks();
  const then = moment();
  wall -= 1000;
  assert.equal(since(then), 0);
});

test("another tab, with another zero, sees the same life", () => {
  clocks();
  const life = new Life(moment(), 60_000);
  mono += 15_000;
  wall += 15_000;
  const packed = structuredClone(life.pack());
  mono = 70; // the other tab
  assert.equal(Life.unpack(packed).left(), 45_000);
  wall += 44_000; // it was frozen and hears late
  assert.equal(Life.unpack(packed).left(), 1000);
  assert.equal(Life.unpack(packed).total, 60_000);
});
