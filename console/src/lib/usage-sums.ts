import type { Series } from "@/api/types";

import { addMoney, compareMoney } from "./money";
import { day } from "./time";

type Point = Series["points"][number];

export interface DaySum {
  /** The day in universal time, "2026-11-25". */
  start: string;
  charge: string;
  requests: number;
  /** By model; the models in the order of the whole span. */
  parts: { model: string; charge: string }[];
}

export interface ModelSum {
  model: string;
  charge: string;
  requests: number;
  inputUnits: number;
  outputUnits: number;
}

const total = (points: readonly Point[], of: (point: Point) => number) =>
  points.reduce((sum, point) => sum + of(point), 0);

/** What each model came to in the whole span, the dearest first. */
export function sumsByModel(points: readonly Point[]): ModelSum[] {
  const models = [...new Set(points.map((point) => point.model))];
  return models
    .map((model) => {
      const own = points.filter((point) => point.model === model);
      return {
        model,
        charge: addMoney(own.map((point) => point.charge)),
        requests: total(own, (point) => point.requests),
        inputUnits: total(own, (point) => point.input_units),
        outputUnits: total(own, (point) => point.output_units),
      };
    })
    .sort(
      (a, b) =>
        compareMoney(b.charge, a.charge) ||
        b.requests - a.requests ||
        a.model.localeCompare(b.model),
    );
}

/** Every day of the span, also those on which nothing was called. */
export function sumsByDay(series: Series, days: number): DaySum[] {
  const first = new Date(series.since).getTime();
  const models = sumsByModel(series.points).map((one) => one.model);
  return Array.from({ length: days }, (_, index) => {
    const start = new Date(first + index * day).toISOString().slice(0, 10);
    const points = series.points.filter((point) => point.start.startsWith(start));
    return {
      start,
      charge: addMoney(points.map((point) => point.charge)),
      requests: total(points, (point) => point.requests),
      parts: models.flatMap((model) => {
        const own = points.filter((point) => point.model === model);
        return own.length === 0
          ? []
          : [{ model, charge: addMoney(own.map((point) => point.charge)) }];
      }),
    };
  });
}
