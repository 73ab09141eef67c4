import { expect, it } from "vitest";

import { matchingModels, modelPattern } from "./patterns";

const models = ["claude-opus-4", "claude-sonnet-4", "gpt-5", "sim-gpt"];

it("no pattern allows every model", () => {
  expect(matchingModels([], models)).toEqual(models);
});

it("an exclusion wins over what allows", () => {
  expect(matchingModels(["claude-*", "!claude-opus-*"], models)).toEqual(["claude-sonnet-4"]);
});

it("only exclusions allow the rest", () => {
  expect(matchingModels(["!claude-*"], models)).toEqual(["gpt-5", "sim-gpt"]);
});

it("a dot is a dot", () => {
  expect(matchingModels(["gpt.5"], models)).toEqual([]);
});

it("knows the letters of a pattern", () => {
  expect(modelPattern.test("!claude-opus-*")).toBe(true);
  expect(modelPattern.test("two words")).toBe(false);
});
