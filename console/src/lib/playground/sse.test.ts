import { describe, expect, it } from "vitest";

import { SseSplitter } from "./sse";

const stream = 'event: a\ndata: {"x":1}\n\n: alive\n\ndata: one\ndata: two\r\n\r\ndata: [DONE]\n\n';
const events = [
  { event: "a", data: '{"x":1}' },
  { event: null, data: "one\ntwo" },
  { event: null, data: "[DONE]" },
];

describe("a stream of events", () => {
  it("is the same in whatever pieces it arrives", () => {
    for (let size = 1; size <= stream.length; size += 1) {
      const splitter = new SseSplitter();
      const found = [];
      for (let at = 0; at < stream.length; at += size) {
        found.push(...splitter.push(stream.slice(at, at + size)));
      }
      found.push(...splitter.end());
      expect(found, `pieces of ${size}`).toEqual(events);
    }
  });

  it("gives the last event of a stream that was cut before its empty line", () => {
    const splitter = new SseSplitter();
    expect(splitter.push("data: a\n\ndata: b")).toEqual([{ event: null, data: "a" }]);
    expect(splitter.end()).toEqual([{ event: null, data: "b" }]);
    expect(splitter.end()).toEqual([]);
  });
});
