import assert from "node:assert/strict";
import test from "node:test";

import { nameOf } from "../banner.js";

test("people are named as well as the claims can", () => {
  const cases = [
    [{ sub: "usr_1", name: "A User", email: "user@example.com" }, "A User (user@example.com)"],
    [{ sub: "usr_1", email: "user@example.com" }, "user@example.com"],
    [{ sub: "usr_1", name: "user@example.com", email: "user@example.com" }, "user@example.com"],
    [{ sub: "usr_1" }, "usr_1"],
    [null, ""],
  ];
  for (const [claims, want] of cases) assert.equal(nameOf(claims), want);
});
