import { expect, it } from "vitest";

import { emptyDraft, parametersOf, wrongFields } from "./playground-values";

it("an empty parameter is left to the provider, and zero is a value", () => {
  expect(parametersOf(emptyDraft)).toMatchObject({ temperature: null, topP: null });
  expect(parametersOf({ ...emptyDraft, temperature: " 0 " }).temperature).toBe(0);
});

it("what is no number in its range is told", () => {
  const draft = { ...emptyDraft, temperature: "2.1", topP: "-1", maxOutput: "1.5" };
  expect(wrongFields(draft)).toEqual(["temperature", "topP", "maxOutput"]);
  expect(wrongFields({ ...draft, temperature: "2", topP: "0.95", maxOutput: "4096" })).toEqual([]);
  expect(wrongFields({ ...emptyDraft, temperature: "warm" })).toEqual(["temperature"]);
});
