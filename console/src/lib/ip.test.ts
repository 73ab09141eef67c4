import { describe, expect, it } from "vitest";

import { isIpRule } from "./ip";

describe("isIpRule", () => {
  it.each(["10.0.0.0/8", "127.0.0.1", "2001:db8::/32", "::1", "::", "0.0.0.0/0"])(
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
