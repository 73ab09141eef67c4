import { describe, expect, it } from "vitest";

import { bodyOfCodes, emptyCodes, faultsOfCodes } from "./code-batch-values";

describe("the form that makes redemption codes", () => {
  it("finds nothing wrong with what it begins with", () => {
    expect(faultsOfCodes(emptyCodes)).toEqual({});
  });

  it("says which field is wrong", () => {
    for (const count of ["", "0", "-1", "1.5", "x"]) {
      expect(faultsOfCodes({ ...emptyCodes, count })).toEqual({ count: "codes.form.whole" });
      expect(faultsOfCodes({ ...emptyCodes, uses: count })).toEqual({ uses: "codes.form.whole" });
    }
    for (const amount of ["", "0", "0.00", "-5", "1e3", "0.0000001"]) {
      const faults = faultsOfCodes({ ...emptyCodes, amount });
      expect(faults, amount).toEqual({ amount: "codes.form.amountFault" });
    }
    const custom = { ...emptyCodes, lifetime: "custom" as const };
    expect(faultsOfCodes(custom)).toEqual({ customTime: "validation.timeRequired" });
    const past = faultsOfCodes({ ...custom, customTime: "2020-01-01T00:00" });
    expect(past).toEqual({ customTime: "validation.timePast" });
  });

  it("asks for exact amounts, and for more than once only where there is more than one use", () => {
    const values = { ...emptyCodes, lifetime: "neverExpires" as const, isAgain: true };
    expect(bodyOfCodes({ ...values, amount: "012.50", note: " x " })).toEqual({
      count: 10,
      amount: "12.5",
      uses: 1,
      again_by_account: false,
      expires_at: null,
      note: "x",
    });
    expect(bodyOfCodes({ ...values, uses: "3" }).again_by_account).toBe(true);
  });
});
