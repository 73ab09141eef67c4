import { describe, expect, it } from "vitest";

import { countFilters, csvAddress, parseUsageSearch, toUsageQuery } from "./usage-search";

const now = Date.parse("2026-11-25T10:30:40Z");

describe("the address of the usage page", () => {
  it("is read with care", () => {
    const search = parseUsageSearch({
      range: "24h",
      end_reason: "nonsense",
      stream: "true",
      min_charge: "0.5",
      since: "yesterday",
      cursor: "abc",
    });
    expect(search).toMatchObject({ range: "24h", stream: "true", min_charge: "0.5" });
    expect([search.end_reason, search.since]).toEqual([undefined, undefined]);
    expect(parseUsageSearch({ min_charge: "a lot" }).min_charge).toBeUndefined();
  });

  it("becomes a query of whole minutes", () => {
    expect(toUsageQuery({ range: "1h", stream: "false", cursor: "abc" }, now)).toEqual({
      since: "2026-11-25T09:30:00.000Z",
      stream: false,
      cursor: "abc",
      limit: 50,
    });
    const custom = { range: "custom", since: "2026-11-01T00:00:00Z" } as const;
    expect(toUsageQuery(custom, now)).toEqual({ since: "2026-11-01T00:00:00Z", limit: 50 });
    // Times that were left behind by another range do not hold.
    expect(toUsageQuery({ since: "2026-11-01T00:00:00Z" }, now)).toEqual({ limit: 50 });
  });

  it("becomes the address of the same table, without its page", () => {
    expect(csvAddress({ model: "sim-gpt", cursor: "abc", open: "req_1" }, now)).toBe(
      "/api/v1/usage.csv?model=sim-gpt",
    );
    expect(csvAddress({}, now)).toBe("/api/v1/usage.csv");
  });

  it("counts what narrows it", () => {
    expect(countFilters({})).toBe(0);
    expect(countFilters({ range: "custom", since: "a", until: "b", model: "m", open: "x" })).toBe(
      2,
    );
  });
});
