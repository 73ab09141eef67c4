import type { Series } from "@/api/types";

import { addMoney, compareMoney } from "./money";
import { day, hour } from "./time";

type Point = Series["points"][number];

export interface DaySum {
  /** The day in universal time, "2026-11-25", or the hour, "2026-11-25T08". */
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
  return sumsBySlot(series, days, day, "2026-11-25".length);
}

/** Every hour of the span, also those in which nothing was called. */
export function sumsByHour(series: Series, hours: number): DaySum[] {
  return sumsBySlot(series, hours, hour, "2026-11-25T08".length);
}

function sumsBySlot(series: Series, count: number, length: number, digits: number): DaySum[] {
  const first = new Date(series.since).getTime();
  const models = sumsByModel(series.points).map((one) => one.model);
  return Array.from({ length: count }, (_, index) => {
    const start = new Date(first + index * length).toISOString().slice(0, digits);
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

/** What stands for the models that have no colour of their own. */
export const other_models = "*";

/** The models with a colour of their own, and the sum of the others as one more. */
export function foldModels(models: readonly ModelSum[], own: (model: string) => boolean) {
  const rest = models.filter((one) => !own(one.model));
  if (rest.length < 2) return [...models];
  const sum = (of: (one: ModelSum) => number) => rest.reduce((all, one) => all + of(one), 0);
  return [
    ...models.filter((one) => own(one.model)),
    {
      model: other_models,
      charge: addMoney(rest.map((one) => one.charge)),
      requests: sum((one) => one.requests),
      inputUnits: sum((one) => one.inputUnits),
      outputUnits: sum((one) => one.outputUnits),
    },
  ];
}

/** The same for each day or hour of a chart. */
export function foldSlots(slots: readonly DaySum[], own: (model: string) => boolean): DaySum[] {
  return slots.map((slot) => {
    const rest = slot.parts.filter((part) => !own(part.model));
    if (rest.length < 2) return slot;
    const other = { model: other_models, charge: addMoney(rest.map((part) => part.charge)) };
    return { ...slot, parts: [...slot.parts.filter((part) => own(part.model)), other] };
  });
}
