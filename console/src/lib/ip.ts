/**
 * Enough of addresses to warn a person before they lock themselves out. The server is the judge;
 * what this file does not understand it leaves to the server.
 */
interface Address {
  bits: 32 | 128;
  value: bigint;
}

function parseV4(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseV6(text: string): bigint | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const groupsOf = (half: string) => (half === "" ? [] : half.split(":"));
  const head = groupsOf(halves[0] ?? "");
  const tail = groupsOf(halves[1] ?? "");
  const gap = 8 - head.length - tail.length;
  if (halves.length === 1 ? gap !== 0 : gap < 1) return null;
  const groups = [...head, ...Array<string>(gap).fill("0"), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function parseAddress(text: string): Address | null {
  const v4 = parseV4(text);
  if (v4 !== null) return { bits: 32, value: v4 };
  const v6 = parseV6(text);
  return v6 === null ? null : { bits: 128, value: v6 };
}

interface Rule extends Address {
  prefix: number;
}

function parseRule(text: string): Rule | null {
  const [base = "", prefix, ...rest] = text.split("/");
  const address = parseAddress(base);
  if (address === null || rest.length > 0) return null;
  if (prefix === undefined) return { ...address, prefix: address.bits };
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > address.bits) return null;
  return { ...address, prefix: Number(prefix) };
}

export function isIpRule(text: string): boolean {
  return parseRule(text) !== null;
}

/** Whether rules would turn this address away. An unknown form is never a reason to warn. */
export function locksOut(rules: string[], address: string): boolean {
  const own = parseAddress(address);
  if (own === null || rules.length === 0) return false;
  const parsed = rules.map(parseRule);
  if (parsed.includes(null)) return false;
  return !parsed.some((rule) => rule !== null && contains(rule, own));
}

function contains(rule: Rule, address: Address): boolean {
  if (rule.bits !== address.bits) return false;
  const shift = BigInt(rule.bits - rule.prefix);
  return rule.value >> shift === address.value >> shift;
}
