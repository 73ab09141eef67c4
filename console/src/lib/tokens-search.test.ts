import { expect, it } from "vitest";

import { isNarrowed, noTokenFilters, parseTokensSearch, toTokenQuery } from "./tokens-search";

const now = Date.parse("2026-11-25T10:30:40Z");

it("what is due becomes a time of a whole hour", () => {
  const expiring = toTokenQuery(parseTokensSearch({ due: "expiring" }), now);
  expect(expiring.expires_before).toBe("2026-12-02T10:00:00.000Z");
  const unused = toTokenQuery(parseTokensSearch({ due: "unused", called: "gpt-5" }), now);
  expect([unused.unused_since, unused.called]).toEqual(["2026-10-26T10:00:00.000Z", "gpt-5"]);
  expect(parseTokensSearch({ due: "nonsense" }).due).toBeUndefined();
});

it("knows whether anything narrows the list", () => {
  expect(isNarrowed(parseTokensSearch({ sort: "name" }))).toBe(false);
  expect(isNarrowed({ called: "gpt-5" })).toBe(true);
  expect(isNarrowed({ due: "unused", ...noTokenFilters })).toBe(false);
});
