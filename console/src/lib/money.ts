/**
 * Money comes as decimal strings and is only ever shown. Nothing here turns an amount into a
 * float: that would print figures that the ledger does not hold.
 */
const amount = /^(-?)(\d+)(?:\.(\d+))?$/;
const decimals_shown_max = 6;

/** "1234.5" → "$1,234.50"; "0.000000123" → "<$0.000001". Digits beyond the sixth are cut off. */
export function formatMoney(value: string): string {
  const match = amount.exec(value);
  if (!match) return value;
  const [, sign = "", whole = "0", fraction = ""] = match;
  const shown = fraction.slice(0, decimals_shown_max).replace(/0+$/, "").padEnd(2, "0");
  const isLost = /^0*$/.test(whole + shown) && /[1-9]/.test(fraction);
  if (isLost) return sign === "-" ? ">-$0.000001" : "<$0.000001";
  return `${sign}$${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${shown}`;
}

/**
 * The same where there is little room: from a dollar on, what is below a cent is cut off. The exact
 * amount stands in the tooltip.
 */
export function formatShort(value: string): string {
  const match = amount.exec(value);
  if (!match || /^0*$/.test(match[2] ?? "")) return formatMoney(value);
  const [, sign = "", whole = "0", fraction = ""] = match;
  return formatMoney(`${sign}${whole}.${fraction.slice(0, 2).padEnd(2, "0")}`);
}

/** Every digit that the server sent, for tooltips. */
export function exactMoney(value: string): string {
  return value.startsWith("-") ? `-$${value.slice(1)}` : `$${value}`;
}

export function isZero(value: string): boolean {
  return /^-?0+(\.0+)?$/.test(value);
}

/** Whole percent of `part` in `whole` for the width of a meter, not for any figure. */
export function meterPercent(part: string, whole: string): number {
  const [a, b] = [toNano(part), toNano(whole)];
  if (a === null || b === null || b <= 0n) return 0;
  const percent = Number((a * 100n) / b);
  return Math.min(100, Math.max(0, percent));
}

function toNano(value: string): bigint | null {
  const match = amount.exec(value);
  if (!match) return null;
  const [, sign = "", whole = "0", fraction = ""] = match;
  return BigInt(sign + whole + fraction.slice(0, 9).padEnd(9, "0"));
}

/** Which of two amounts is more, for sorting. */
export function compareMoney(a: string, b: string): number {
  const difference = (toNano(a) ?? 0n) - (toNano(b) ?? 0n);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

/** Whole percent by which an amount changed; null where there was nothing to compare it with. */
export function changeOfMoney(now: string, before: string): number | null {
  const [a, b] = [toNano(now) ?? 0n, toNano(before) ?? 0n];
  if (b <= 0n) return null;
  // Ten-thousandths first, so that the last step rounds and does not cut.
  return Math.round(Number(((a - b) * 10_000n) / b) / 100);
}

/** A price times a factor in parts per million, to the last digit. */
export function timesPpm(price: string, ppm: number): string {
  // Fifteen decimals: nine of the price and six of the factor.
  const parts = ((toNano(price) ?? 0n) * BigInt(ppm)).toString().padStart(16, "0");
  const fraction = parts.slice(-15).replace(/0+$/, "");
  return `${parts.slice(0, -15)}${fraction === "" ? "" : `.${fraction}`}`;
}

/** `part` in `whole` from 0 to 1, for what is drawn, not for any figure. */
export function shareOf(part: string, whole: string): number {
  const [a, b] = [toNano(part) ?? 0n, toNano(whole) ?? 0n];
  return b <= 0n || a <= 0n ? 0 : Math.min(1, Number((a * 100_000n) / b) / 100_000);
}

/** The end of a scale that holds an amount: the next 1, 2 or 5 of its power of ten. */
export function scaleEnd(value: string): string {
  const nano = toNano(value) ?? 0n;
  if (nano <= 0n) return "1";
  for (let power = 1n; ; power *= 10n) {
    const step = [1n, 2n, 5n].find((factor) => factor * power >= nano);
    if (step !== undefined) return fromNano(step * power);
  }
}

/** The exact sum of amounts, as a decimal string. */
export function addMoney(values: readonly string[]): string {
  return fromNano(values.reduce((sum, value) => sum + (toNano(value) ?? 0n), 0n));
}

function fromNano(nanos: bigint): string {
  const digits = (nanos < 0n ? -nanos : nanos).toString().padStart(10, "0");
  const fraction = digits.slice(-9).replace(/0+$/, "");
  const whole = digits.slice(0, -9);
  return `${nanos < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** What a person may type as an amount: plain digits, at most six decimals. */
export const amountInput = /^\d{1,9}(\.\d{1,6})?$/;

/** "020.50" → "20.5": the form in which the server keeps it. */
export function canonicalAmount(typed: string): string {
  const [whole = "0", fraction = ""] = typed.trim().split(".");
  const digits = fraction.replace(/0+$/, "");
  const lead = whole.replace(/^0+(?=\d)/, "");
  return digits === "" ? lead : `${lead}.${digits}`;
}

/** The same where an amount may also be taken away: "-0.5". */
export const signedAmountInput = /^-?\d{1,9}(\.\d{1,6})?$/;

/** "-020.50" → "-20.5". */
export function canonicalSigned(typed: string): string {
  const text = typed.trim();
  return text.startsWith("-") ? `-${canonicalAmount(text.slice(1))}` : canonicalAmount(text);
}
