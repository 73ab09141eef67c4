import { describe, expect, it } from "vitest";

import { barsOf, brushed, isBeyondBars } from "./usage-histogram";

const now = Date.parse("2026-11-25T10:30:40Z");

describe("the bars above the log", () => {
  it("are hours of a short time and days of a long one", () => {
    expect(barsOf({ range: "1h" }, now)).toBeNull();
    expect(barsOf({ range: "24h" }, now)?.query).toEqual({ by: "hour", last: 24 });
    expect(barsOf({ range: "7d", token: "tok_1" }, now)?.query).toEqual({
      by: "hour",
      last: 168,
      token: "tok_1",
    });
    expect(barsOf({}, now)?.query).toEqual({ by: "day", last: 30 });
  });

  it("follow a time of the reader's own", () => {
    const day = { since: "2026-11-20T00:00:00Z", until: "2026-11-21T00:00:00Z" };
    expect(barsOf({ range: "custom", ...day }, now)?.query).toEqual({
      by: "hour",
      last: 24,
      until: "2026-11-21T00:00:00.000Z",
    });
    const hour = { since: "2026-11-20T08:00:00Z", until: "2026-11-20T09:00:00Z" };
    expect(barsOf({ range: "custom", ...hour }, now)).toBeNull();
    const open = { since: "2026-11-01T00:00:00Z" };
    expect(barsOf({ range: "custom", ...open }, now)?.query).toEqual({ by: "day", last: 25 });
  });

  it("become a time when they are drawn over", () => {
    const since = Date.parse("2026-11-20T00:00:00Z");
    expect(brushed(since, 3_600_000, 2, 3)).toEqual({
      range: "custom",
      since: "2026-11-20T02:00:00Z",
      until: "2026-11-20T04:00:00Z",
    });
  });

  it("say so where the log is narrower than they are", () => {
    expect(isBeyondBars({ model: "m", token: "t", range: "7d" })).toBe(false);
    expect(isBeyondBars({ stream: "true" })).toBe(true);
  });
});
