import { describe, expect, it } from "vitest";

import { day, formatRelative, fromLocalInput, inDays, nearness, toLocalInput } from "./time";

const now = Date.parse("2026-11-23T20:00:00Z");
const at = (ms: number) => new Date(now + ms).toISOString();

describe("time", () => {
  it("speaks of distances in the reader's language", () => {
    expect(formatRelative(at(12 * day + 1000), "en", now)).toBe("in 12 days");
    expect(formatRelative(at(-2 * 60_000), "en", now)).toBe("2 minutes ago");
    expect(formatRelative(at(12 * day), "zh-CN", now)).toBe("12天后");
  });

  it("warns in the last week", () => {
    expect(nearness(at(8 * day), now)).toBe("far");
    expect(nearness(at(6 * day), now)).toBe("soon");
    expect(nearness(at(0), now)).toBe("past");
  });

  it("sends whole seconds in UTC", () => {
    expect(inDays(90, now)).toBe("2027-02-21T20:00:00Z");
  });

  it("brings a moment through the local input unchanged to the minute", () => {
    expect(fromLocalInput(toLocalInput("2027-02-21T20:00:00Z"))).toBe("2027-02-21T20:00:00Z");
    expect(fromLocalInput("")).toBeNull();
  });
});
