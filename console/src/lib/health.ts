/** How an hour, or some hours, went; "none": nothing was called. */
export type HealthWord = "none" | "good" | "mixed" | "bad";
export const healthWords = ["good", "mixed", "bad", "none"] as const satisfies HealthWord[];

/** From which part of successes on some hours are good, and from which they are not yet bad. */
const good_min = 0.99;
const mixed_min = 0.9;

export function healthOf({ requests, failed }: { requests: number; failed: number }): HealthWord {
  if (requests === 0) return "none";
  const rate = (requests - failed) / requests;
  return rate >= good_min ? "good" : rate >= mixed_min ? "mixed" : "bad";
}

/** How many there are of each. */
export function countWords(words: readonly HealthWord[]): Record<HealthWord, number> {
  const counts = { none: 0, good: 0, mixed: 0, bad: 0 };
  for (const word of words) counts[word] += 1;
  return counts;
}

/** Where each of some slots of hours in a row begins, "2026-11-25T08" in universal time. */
export function slotStarts(since: string, hours: number, count: number): string[] {
  const first = Date.parse(since);
  return Array.from({ length: count }, (_, at) =>
    new Date(first + at * hours * 3_600_000).toISOString().slice(0, "2026-11-25T08".length),
  );
}
