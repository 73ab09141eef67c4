/** Enough of addresses to tell a slip of the hand while typing. The server is the judge. */
function isV4(text: string): boolean {
  const parts = text.split(".");
  return (
    parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  );
}

function isV6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const isWhole = halves.length === 1 ? groups.length === 8 : groups.length < 8;
  return isWhole && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group));
}

/** An address, or a range as "10.0.0.0/8". */
export function isIpRule(text: string): boolean {
  const [base = "", prefix, ...rest] = text.split("/");
  const bits = isV4(base) ? 32 : isV6(base) ? 128 : null;
  if (bits === null || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}
