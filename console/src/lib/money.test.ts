import { describe, expect, it } from "vitest";

import {
  addMoney,
  amountInput,
  canonicalAmount,
  canonicalSigned,
  changeOfMoney,
  compareMoney,
  exactMoney,
  formatMoney,
  formatShort,
  isZero,
  meterPercent,
  scaleEnd,
  shareOf,
  signedAmountInput,
  timesPpm,
} from "./money";

describe("formatMoney", () => {
  it.each([
    ["20", "$20.00"],
    ["1.25", "$1.25"],
    ["0.00123", "$0.00123"],
    ["1234567.5", "$1,234,567.50"],
    ["0.1234567", "$0.123456"],
    ["0.000000123", "<$0.000001"],
    ["-0.5", "-$0.50"],
    ["0", "$0.00"],
    ["9007199254740993.000001", "$9,007,199,254,740,993.000001"],
  ])("shows %s as %s without passing through a float", (value, shown) => {
    expect(formatMoney(value)).toBe(shown);
  });

  it("keeps every digit in the exact form", () => {
    expect(exactMoney("0.000000123")).toBe("$0.000000123");
    expect(exactMoney("-1.5")).toBe("-$1.5");
  });
});

describe("amounts that people type", () => {
  it("accepts at most six decimals", () => {
    expect(amountInput.test("20.123456")).toBe(true);
    expect(amountInput.test("20.1234567")).toBe(false);
    expect(amountInput.test("1e3")).toBe(false);
    expect(amountInput.test("-1")).toBe(false);
  });

  it("sends the canonical form", () => {
    expect(canonicalAmount("020.500")).toBe("20.5");
    expect(canonicalAmount("0")).toBe("0");
    expect(canonicalAmount("5.000")).toBe("5");
  });
});

describe("meters", () => {
  it("never leave their track", () => {
    expect(meterPercent("18.75", "20")).toBe(93);
    expect(meterPercent("-1", "20")).toBe(0);
    expect(meterPercent("30", "20")).toBe(100);
    expect(meterPercent("1", "0")).toBe(0);
  });

  it("knows zero in all its forms", () => {
    expect(["0", "0.00", "-0"].every(isZero)).toBe(true);
    expect(isZero("0.000000001")).toBe(false);
  });
});

it("amounts are summed to the nano-dollar", () => {
  expect(addMoney([])).toBe("0");
  expect(addMoney(["0.1", "0.2", "0.000000001"])).toBe("0.300000001");
  expect(addMoney(["-1.5", "1"])).toBe("-0.5");
});

it("a scale ends at the next round amount", () => {
  expect(scaleEnd("0.0037")).toBe("0.005");
  expect(scaleEnd("0.2")).toBe("0.2");
  expect(scaleEnd("1234.5")).toBe("2000");
  expect(scaleEnd("0")).toBe("1");
  expect(shareOf("0.0037", "0.005")).toBe(0.74);
  expect(shareOf("1", "0")).toBe(0);
  expect(["0.2", "0.19", "3"].sort(compareMoney)).toEqual(["0.19", "0.2", "3"]);
});

it("little room shows cents from a dollar on", () => {
  expect(formatShort("478.021704")).toBe("$478.02");
  expect(formatShort("-1234.999")).toBe("-$1,234.99");
  expect(formatShort("0.047232")).toBe("$0.047232");
  expect(formatShort("5")).toBe("$5.00");
});

describe("prices and periods", () => {
  it("a price times a factor loses no digit", () => {
    expect(timesPpm("2.5", 1_000_000)).toBe("2.5");
    expect(timesPpm("0.075", 800_000)).toBe("0.06");
    expect(timesPpm("0.000000001", 1)).toBe("0.000000000000001");
    expect(timesPpm("123", 4_000_000_000)).toBe("492000");
  });

  it("a change is whole percent, and none without a period before", () => {
    expect(changeOfMoney("1.126", "1")).toBe(13);
    expect(changeOfMoney("0.5", "1")).toBe(-50);
    expect(changeOfMoney("5", "0")).toBeNull();
  });
});

it("an amount may be typed with a sign where it may be taken away", () => {
  expect(["20", "-0.5", "0.000001"].every((text) => signedAmountInput.test(text))).toBe(true);
  expect(
    ["", "-", "+5", "--1", "1.0000001", "1e3"].some((text) => signedAmountInput.test(text)),
  ).toBe(false);
  expect([canonicalSigned(" -020.50"), canonicalSigned("7.0")]).toEqual(["-20.5", "7"]);
});
