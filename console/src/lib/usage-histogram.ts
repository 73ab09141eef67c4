import type { SeriesQuery } from "@/api/types";

import { day, hour } from "./time";
import type { UsageSearch } from "./usage-search";

/** Up to this long, time is shown by the hour; the server gives fourteen days of hours. */
const by_hour_max = 8 * day;
const days_max = 400;
const default_days = 30;

/** Which bars stand above the log; null where its time is too short for any. */
export interface Bars {
  query: SeriesQuery & { by: "hour" | "day"; last: number };
  /** How long a bar is. */
  length: number;
}

export function barsOf(search: UsageSearch, now: number): Bars | null {
  const { since, until } = spanOf(search, now);
  const length = until - since <= by_hour_max ? hour : day;
  const end = Math.ceil(until / length) * length;
  const last = Math.min(days_max, Math.round((end - Math.floor(since / length) * length) / length));
  if (last < 2) return null;
  const isPast = end <= Math.floor(now / length) * length;
  return {
    length,
    query: {
      by: length === hour ? "hour" : "day",
      last,
      ...(isPast ? { until: new Date(end).toISOString() } : {}),
      ...(search.token === undefined ? {} : { token: search.token }),
    },
  };
}

function spanOf(search: UsageSearch, now: number): { since: number; until: number } {
  switch (search.range) {
    case "1h":
      return { since: now, until: now };
    case "24h":
      return { since: now - day + hour, until: now };
    case "7d":
      return { since: now - 7 * day + hour, until: now };
    case "custom": {
      const until = search.until === undefined ? now : Math.min(now, Date.parse(search.until));
      const since =
        search.since === undefined ? until - default_days * day : Date.parse(search.since);
      return { since: Math.min(since, until), until };
    }
    case undefined:
    case "30d":
      return { since: now - (default_days - 1) * day, until: now };
  }
}

/** What the bars cannot leave out: they count the calls of the token and the model alone. */
export function isBeyondBars(search: UsageSearch): boolean {
  const { end_reason, stream, request_id, min_charge } = search;
  return [end_reason, stream, request_id, min_charge].some((value) => value !== undefined);
}

/** The filters that show what some bars span; to the whole second, as the page writes times. */
export function brushed(since: number, length: number, from: number, to: number): UsageSearch {
  const text = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`;
  return {
    range: "custom",
    since: text(since + from * length),
    until: text(since + (to + 1) * length),
  };
}
