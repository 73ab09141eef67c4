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
