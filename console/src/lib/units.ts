import type { UsageRow } from "@/api/types";

const sum = (row: UsageRow, names: readonly string[]) =>
  names.reduce((total, name) => total + (row.units[name] ?? 0), 0);

const cached = ["cached_input", "cache_write_5m", "cache_write_1h", "cache_write_other"] as const;

/** All of the input, cached or not: the meters do not overlap. */
export const inputUnits = (row: UsageRow) =>
  sum(row, ["input", "input_audio", "input_image", ...cached]);
export const cachedUnits = (row: UsageRow) => sum(row, ["cached_input"]);
export const outputUnits = (row: UsageRow) =>
  sum(row, ["output", "reasoning", "output_audio", "output_image"]);

/** What is counted, in the order of the server. */
export const meters = [
  "input",
  "cached_input",
  "cache_write_5m",
  "cache_write_1h",
  "cache_write_other",
  "input_audio",
  "input_image",
  "output",
  "reasoning",
  "output_audio",
  "output_image",
  "web_search",
  "file_search",
  "request",
] as const;
