import { describe, expect, it } from "vitest";

import { parseWalletSearch, statementCsv } from "./wallet-search";

describe("the wallet's address", () => {
  it("keeps what it knows and drops the rest", () => {
    const search = { kind: "payment", cursor: "17", payment: "pay_1", outcome: "paid" };
    expect(parseWalletSearch(search)).toEqual({ kind: "payment", cursor: "17", payment: "pay_1" });
    expect(parseWalletSearch({ kind: "gift", cursor: 3 })).toEqual({});
  });

  it("asks for the table of the same lines", () => {
    expect(statementCsv({})).toBe("/api/v1/statement.csv");
    expect(statementCsv({ kind: "usage", cursor: "17" })).toBe("/api/v1/statement.csv?kind=usage");
  });
});
