import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { findOperations, operationsOf, typeOf, type OpenApi } from "./openapi";

const document = JSON.parse(readFileSync("openapi.json", "utf8")) as OpenApi;
const operations = operationsOf(document);

describe("the API reference", () => {
  it("has every operation of the document, each with its tag and what it does", () => {
    const count = Object.values(document.paths ?? {}).flatMap((item) => Object.keys(item)).length;
    expect(operations).toHaveLength(count);
    for (const one of operations) {
      expect(one.tag, one.path).not.toBe("");
      expect(one.summary, one.path).not.toBe("");
    }
  });

  it("unfolds what is sent and what is answered", () => {
    const create = operations.find((one) => one.id === "create_token");
    expect(create?.body.find((field) => field.name === "name")).toMatchObject({
      type: "string",
      isRequired: true,
    });
    expect(create?.body.map((field) => field.name)).toContain("budgets.day");
    expect(create?.answer.map((field) => field.name)).toContain("token.hint");
    const list = operations.find((one) => one.id === "list_tokens");
    expect(list?.answer.map((field) => field.name)).toContain("items[].id");
    expect(list?.parameters.find((field) => field.name === "status")?.type).toBe(
      "enabled | disabled | expired | exhausted",
    );
  });

  it("says types in words", () => {
    expect(typeOf({}, { type: ["string", "null"], format: "date-time" })).toBe("time or null");
    expect(typeOf({}, { type: "array", items: { type: "integer" } })).toBe("array of integer");
    expect(typeOf({}, {})).toBe("any");
  });

  it("is searched by every word", () => {
    const ids = (search: string) => findOperations(operations, search).map((one) => one.id);
    expect(ids("POST rotate")).toEqual(["rotate_token"]);
    expect(ids("overlap")).toContain("rotate_token");
    expect(ids("no such thing")).toEqual([]);
    expect(ids("")).toHaveLength(operations.length);
  });
});
