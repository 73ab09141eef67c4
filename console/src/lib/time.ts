const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

export function formatDate(iso: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(iso));
}

/** A day that universal time gave, "Nov 25": the reader's own zone must not move it. */
export function formatDay(date: string, language: string): string {
  const form = new Intl.DateTimeFormat(language, {
    month: "short",
    day: "numeric",
    timeZone: "UTC",
  });
  return form.format(new Date(`${date}T00:00:00Z`));
}

/** An hour that universal time gave, "2026-11-25T08", on the reader's own clock: "09:00". */
export function formatHour(start: string, language: string): string {
  const form = new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return form.format(new Date(`${start}:00:00Z`));
}

/** The same with its day: "Nov 25, 09:00". */
export function formatClock(start: string, language: string): string {
  const form = new Intl.DateTimeFormat(language, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return form.format(new Date(`${start}:00:00Z`));
}

/** The reader's own clock, then UTC: "Nov 23, 2026, 9:21 PM · 2026-11-23 20:21 UTC". */
export function formatExact(iso: string, language: string): string {
  const time = new Date(iso);
  const local = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  return `${local.format(time)} · ${formatUtc(time)}`;
}

function formatUtc(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** "in 12 days", "2 minutes ago". */
export function formatRelative(iso: string, language: string, now = Date.now()): string {
  const distance = new Date(iso).getTime() - now;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const size = Math.abs(distance);
  if (size < minute) return relative.format(0, "minute");
  if (size < hour) return relative.format(Math.trunc(distance / minute), "minute");
  if (size < day) return relative.format(Math.trunc(distance / hour), "hour");
  if (size < 60 * day) return relative.format(Math.trunc(distance / day), "day");
  if (size < 700 * day) return relative.format(Math.trunc(distance / (30 * day)), "month");
  return relative.format(Math.trunc(distance / (365 * day)), "year");
}

export type Nearness = "past" | "soon" | "far";

/** Red when over, amber in the last week. */
export function nearness(iso: string, now = Date.now()): Nearness {
  const left = new Date(iso).getTime() - now;
  if (left <= 0) return "past";
  return left < 7 * day ? "soon" : "far";
}

export function inDays(days: number, now = Date.now()): string {
  return toSeconds(new Date(now + days * day));
}

/** A `datetime-local` value, which is in the reader's own zone. */
export function toLocalInput(iso: string): string {
  const time = new Date(iso);
  return new Date(time.getTime() - time.getTimezoneOffset() * minute).toISOString().slice(0, 16);
}

export function fromLocalInput(value: string): string | null {
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? null : toSeconds(time);
}

function toSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
