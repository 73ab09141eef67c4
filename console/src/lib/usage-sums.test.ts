import { describe, expect, it } from "vitest";

import {
  foldModels,
  foldSlots,
  other_models,
  sumsByDay,
  sumsByHour,
  sumsByModel,
} from "./usage-sums";

const point = (start: string, model: string, charge: string, requests: number) => ({
  start,
  model,
  charge,
  requests,
  input_units: requests * 10,
  output_units: requests,
});

const series = {
  since: "2026-11-23T00:00:00Z",
  points: [
    point("2026-11-23T00:00:00Z", "cheap", "0.1", 4),
    point("2026-11-25T00:00:00Z", "cheap", "0.2", 1),
    point("2026-11-25T00:00:00Z", "dear", "0.7", 2),
  ],
};

describe("sums of usage", () => {
  it("stand by model, the dearest first, and exact", () => {
    expect(sumsByModel(series.points)).toEqual([
      { model: "dear", charge: "0.7", requests: 2, inputUnits: 20, outputUnits: 2 },
      { model: "cheap", charge: "0.3", requests: 5, inputUnits: 50, outputUnits: 5 },
    ]);
  });

  it("stand by day, and leave no day out", () => {
    expect(sumsByDay(series, 3)).toEqual([
      {
        start: "2026-11-23",
        charge: "0.1",
        requests: 4,
        parts: [{ model: "cheap", charge: "0.1" }],
      },
      { start: "2026-11-24", charge: "0", requests: 0, parts: [] },
      {
        start: "2026-11-25",
        charge: "0.9",
        requests: 3,
        parts: [
          { model: "dear", charge: "0.7" },
          { model: "cheap", charge: "0.2" },
        ],
      },
    ]);
  });
});

describe("hours, and models without a colour", () => {
  it("every hour is there, also the empty ones", () => {
    const hours = sumsByHour(
      { since: "2026-11-23T00:00:00Z", points: [point("2026-11-23T02:00:00Z", "m", "0.5", 1)] },
      3,
    );
    expect(hours.map((one) => [one.start, one.requests])).toEqual([
      ["2026-11-23T00", 0],
      ["2026-11-23T01", 0],
      ["2026-11-23T02", 1],
    ]);
  });

  it("several are one in the table and in every bar; a single one keeps its name", () => {
    const points = ["a", "b", "c"].map((model) => point("2026-11-23T00:00:00Z", model, "0.1", 1));
    const own = (model: string) => model === "a";
    const all = sumsByModel(points);
    expect(foldModels(all, own).map((one) => [one.model, one.charge])).toEqual([
      ["a", "0.1"],
      [other_models, "0.2"],
    ]);
    const [slot] = foldSlots(sumsByDay({ since: "2026-11-23T00:00:00Z", points }, 1), own);
    expect(slot?.parts.map((part) => part.charge)).toEqual(["0.1", "0.2"]);
    expect(foldModels(all.slice(0, 2), own)).toEqual(all.slice(0, 2));
  });
});
