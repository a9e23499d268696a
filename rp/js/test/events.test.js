import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "../events.js";
import { reasonOf } from "../reasons.js";

const stream =
  "retry: 1000\nid: 4711\n\nevent: session.ended\ndata: {\"a\":\ndata: 1}\nid: 4712\n\n: still here\nid: 4715\n\ndata:x\ndata\n\nevent: cut";

for (const [name, end] of Object.entries({ LF: "\n", CRLF: "\r\n", CR: "\r" })) {
  test(`events are the same however the stream is cut, with ${name}`, () => {
    const text = stream.replaceAll("\n", end);
    for (const size of [1, 2, 3, 7, text.length]) {
      const parser = new EventParser();
      const got = [];
      for (let i = 0; i < text.length; i += size) got.push(...parser.push(text.slice(i, i + size)));
      assert.deepEqual(got, [{ type: "session.ended", data: '{"a":\n1}' }, { type: "message", data: "x\n" }], `pieces of ${size}`);
      assert.equal(parser.lastId, "4715");
    }
  });
}

test("an id counts when its block is complete", () => {
  const parser = new EventParser();
  parser.push("id: 1\n\nid: 2\ndata: half");
  assert.equal(parser.lastId, "1");
});

test("every status has its word, and one that is not known has one", () => {
  const words = ["ended", "removed", "revoked", "replaced", "expired", "abandoned", "toString", undefined].map((status) => reasonOf({ status }));
  assert.deepEqual(words, ["signed_out", "signed_out", "revoked", "replaced", "expired", "idle", "ended", "ended"]);
});
