/** How far back the first page looks, in days; one day is shown by the hour. */
export const dashboardSpans = ["1", "7", "30", "90"] as const;
export type DashboardSpan = (typeof dashboardSpans)[number];
export const default_span: DashboardSpan = "30";

/** What the address of the first page can say. */
export interface DashboardSearch {
  span?: DashboardSpan | undefined;
  /** The day of universal time whose hours are shown, "2026-11-25". */
  day?: string | undefined;
}

export function parseDashboardSearch(raw: Record<string, unknown>): DashboardSearch {
  const day = String(raw["day"] ?? "");
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day));
  return {
    span: dashboardSpans.find((span) => span === String(raw["span"])),
    day: isDay ? day : undefined,
  };
}

/** The same as the server takes it. */
export function slotsOf(span: DashboardSpan): { by: "hour" | "day"; last: number } {
  return span === "1" ? { by: "hour", last: 24 } : { by: "day", last: Number(span) };
}

/** The times between which the calls of "2026-11-25T08" are. */
export function hourSpan(hour: string): { since: string; until: string } {
  const since = Date.parse(`${hour}:00:00Z`);
  const text = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`;
  return { since: text(since), until: text(since + 3_600_000) };
}

/** How far back the operators' first page looks, in days, and how the server calls it. */
export const overviewPeriods = { "1": "24h", "7": "7d", "30": "30d" } as const;
export type OverviewSpan = keyof typeof overviewPeriods;
export const overviewSpans = ["1", "7", "30"] as const satisfies readonly OverviewSpan[];

/** What the address of the operators' first page can say. */
export interface OverviewSearch {
  span?: OverviewSpan | undefined;
  /** As on the first page. */
  day?: string | undefined;
}

export function parseOverviewSearch(raw: Record<string, unknown>): OverviewSearch {
  const { day } = parseDashboardSearch(raw);
  return { span: overviewSpans.find((span) => span === String(raw["span"])), day };
}
