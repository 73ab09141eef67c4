/** Whole percent by which a figure changed; null where there was nothing to compare it with. */
export function changeOf(now: number, before: number): number | null {
  return before === 0 ? null : Math.round(((now - before) / before) * 100);
}

/** "+12%", "−3%", "±0%"; a change of more than tenfold is said as a factor. */
export function formatChange(percent: number, language: string): string {
  if (percent >= 1_000) {
    const factor = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
    return `×${factor.format(percent / 100 + 1)}`;
  }
  const number = new Intl.NumberFormat(language, {
    style: "percent",
    signDisplay: "exceptZero",
    maximumFractionDigits: 0,
  });
  return percent === 0 ? `±${number.format(0)}` : number.format(percent / 100);
}

/** The part of requests that did not fail; null where there were none. */
export function successOf({ requests, failed }: { requests: number; failed: number }) {
  return requests === 0 ? null : (requests - failed) / requests;
}

/** "99.2%"; all that is not perfect stays below a hundred. */
export function formatRate(rate: number, language: string): string {
  const tenths = Math.floor(rate * 1_000) / 1_000;
  return new Intl.NumberFormat(language, {
    style: "percent",
    maximumFractionDigits: 1,
  }).format(tenths);
}
