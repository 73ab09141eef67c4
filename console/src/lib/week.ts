export const week_days = 7;
export const day_hours = 24;

interface WeekHour {
  /** Hours since Monday in universal time. */
  hour: number;
  requests: number;
}

/**
 * Requests by weekday, Monday first, and hour of the reader's own clock. The zone's present
 * distance from universal time holds for all of them, in whole hours.
 */
export function weekGrid(hours: readonly WeekHour[], offsetMinutes: number): number[][] {
  const grid = Array.from({ length: week_days }, () => new Array<number>(day_hours).fill(0));
  const all = week_days * day_hours;
  const shift = Math.round(offsetMinutes / 60);
  for (const { hour, requests } of hours) {
    const local = (((hour + shift) % all) + all) % all;
    const row = grid[Math.floor(local / day_hours)];
    if (row) row[local % day_hours] = (row[local % day_hours] ?? 0) + requests;
  }
  return grid;
}

/** Which of the steps 1 to 5 a count is drawn in; nothing at all is 0. */
export function heatOf(count: number, most: number): number {
  // Bent: one busy hour must not make the others look alike.
  return count === 0 || most === 0 ? 0 : Math.max(1, Math.ceil((count / most) ** 0.75 * 5));
}

/** "Monday" … in the reader's language, Monday first. */
export function weekdayNames(language: string, style: "short" | "long"): string[] {
  const form = new Intl.DateTimeFormat(language, { weekday: style, timeZone: "UTC" });
  // The fifth of January 1970 was a Monday.
  return Array.from({ length: week_days }, (_, at) => form.format(Date.UTC(1970, 0, 5 + at)));
}
