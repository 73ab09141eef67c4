import { expect, it } from "vitest";

import { fieldsOf, isFiltered, parseAuditSearch, toAuditQuery } from "./audit-search";

it("the address of the audit keeps what it knows and drops the rest", () => {
  const search = { actor: "ada", kind: "user", cursor: "17", since: "x", other: "1" };
  expect(parseAuditSearch(search)).toEqual({
    actor: "ada",
    kind: "user",
    cursor: "17",
    since: "x",
  });
  expect(parseAuditSearch({ kind: "weather", actor: 3 })).toEqual({});
  expect(isFiltered({ cursor: "17" })).toBe(false);
  expect(isFiltered({ kind: "token" })).toBe(true);
});

it("a kind asks for the actions that begin with it", () => {
  expect(toAuditQuery({ kind: "user", actor: "ada" })).toEqual({ actor: "ada", action: "user." });
  expect(toAuditQuery({})).toEqual({});
});

it("a note's fields are told before and after", () => {
  const detail = { role: ["user", "admin"], name: ["", "Ada"], batch: 3, models: [["a", "b"], []] };
  expect(fieldsOf(detail)).toEqual([
    { field: "role", before: "user", after: "admin" },
    { field: "name", before: "", after: "Ada" },
    { field: "batch", before: null, after: "3" },
    { field: "models", before: "a, b", after: "" },
  ]);
  const rates = [
    { requests_per_minute: null, concurrency: 4 },
    { requests_per_minute: 120, concurrency: 4 },
  ];
  expect(fieldsOf({ rates })).toEqual([
    { field: "rates.requests_per_minute", before: "", after: "120" },
  ]);
});
