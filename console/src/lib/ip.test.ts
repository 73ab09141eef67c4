import { describe, expect, it } from "vitest";

import { isIpRule, locksOut } from "./ip";

describe("isIpRule", () => {
  it.each(["10.0.0.0/8", "127.0.0.1", "2001:db8::/32", "::1", "0.0.0.0/0"])(
    "accepts %s",
    (rule) => {
      expect(isIpRule(rule)).toBe(true);
    },
  );

  it.each(["10.0.0/8", "256.1.1.1", "10.0.0.0/33", "host", "1::2::3", "01.2.3.4", ""])(
    "refuses %j",
    (rule) => expect(isIpRule(rule)).toBe(false),
  );
});

describe("locksOut", () => {
  it("warns only when no rule holds the address", () => {
    expect(locksOut(["10.0.0.0/8"], "10.1.2.3")).toBe(false);
    expect(locksOut(["10.0.0.0/8"], "192.168.0.1")).toBe(true);
    expect(locksOut(["10.0.0.0/8", "2001:db8::/32"], "2001:db8::7")).toBe(false);
  });

  it("says nothing without rules or about what it cannot read", () => {
    expect(locksOut([], "10.1.2.3")).toBe(false);
    expect(locksOut(["10.0.0.0/8", "nonsense"], "192.168.0.1")).toBe(false);
    expect(locksOut(["10.0.0.0/8"], "unknown")).toBe(false);
  });
});
