/** A factor on prices: whole parts per million on the wire, "0.8" where people read and write it. */
const million = 1_000_000;
const ppm_max = 4_294_967_295;

/** 800000 → "0.8". */
export function fromPpm(ppm: number): string {
  const fraction = String(ppm % million)
    .padStart(6, "0")
    .replace(/0+$/, "");
  const whole = String(Math.floor(ppm / million));
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** 800000 → "×0.8". */
export function formatMultiplier(ppm: number): string {
  return `×${fromPpm(ppm)}`;
}

/** "0.8" → 800000; null for what is no factor. */
export function toPpm(text: string): number | null {
  const match = /^(\d{1,4})(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (!match) return null;
  const [, whole = "0", fraction = ""] = match;
  const ppm = Number(whole) * million + Number(fraction.padEnd(6, "0"));
  return ppm <= ppm_max ? ppm : null;
}
