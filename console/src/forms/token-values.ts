import { z } from "zod";

import type { NewToken, Tier, Token, TokenChange } from "@/api/types";
import { isIpRule } from "@/lib/ip";
import { amountInput, canonicalAmount } from "@/lib/money";
import { modelPattern } from "@/lib/patterns";
import { fromLocalInput, inDays, toLocalInput } from "@/lib/time";

export const lifetimes = ["days30", "days90", "year", "neverExpires", "custom"] as const;
export type Lifetime = (typeof lifetimes)[number];

const lifetimeDays: Partial<Record<Lifetime, number>> = { days30: 30, days90: 90, year: 365 };

export const endpoints = [
  "chat",
  "responses",
  "messages",
  "gemini",
  "embeddings",
  "completions",
  "models",
] as const;

const optionalAmount = z
  .string()
  .trim()
  .refine((text) => text === "" || amountInput.test(text), "amount");
const optionalRate = z
  .string()
  .trim()
  .refine((text) => text === "" || /^[1-9]\d{0,8}$/.test(text), "rate");

/** Messages are keys of `validation`, put into words where they are shown. */
export const tokenSchema = z
  .object({
    name: z.string().trim().min(1, "required").max(64, "nameLength"),
    lifetime: z.enum(lifetimes),
    customTime: z.string(),
    isUnlimited: z.boolean(),
    quota: z.string().trim(),
    models: z.array(z.string().regex(modelPattern, "model")),
    ipRules: z.array(z.string().refine(isIpRule, "ip")),
    budgetDay: optionalAmount,
    budgetWeek: optionalAmount,
    budgetMonth: optionalAmount,
    requestsPerMinute: optionalRate,
    unitsPerMinute: optionalRate,
    concurrency: optionalRate,
    endpoints: z.array(z.string()),
    tags: z.array(z.string()),
    note: z.string(),
    group: z.string(),
    count: z
      .string()
      .trim()
      .refine((text) => /^([1-9]\d?|100)$/.test(text), "count"),
  })
  .superRefine((values, context) => {
    const wrong = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    if (!values.isUnlimited && !amountInput.test(values.quota)) wrong("quota", "amount");
    if (values.lifetime === "custom") {
      const time = fromLocalInput(values.customTime);
      if (time === null) wrong("customTime", "timeRequired");
      else if (new Date(time).getTime() <= Date.now()) wrong("customTime", "timePast");
    }
  });

export type TokenValues = z.infer<typeof tokenSchema>;

const plain = {
  budgetDay: "",
  budgetWeek: "",
  budgetMonth: "",
  requestsPerMinute: "",
  unitsPerMinute: "",
  concurrency: "",
  endpoints: [],
  tags: [],
  note: "",
  count: "1",
};

/** The group that a token belongs to where nobody chose one. */
export const default_group = "default";

/** What a tier says of when its tokens expire, and through which groups they go. */
export type TierTerms = Pick<Tier, "expiry_days_default" | "expiry_days_max" | "groups">;

/** The lifetimes that a tier offers; `kept` is what the token has already. */
export function lifetimesOf(tier: TierTerms | null, kept?: Lifetime): Lifetime[] {
  const max = tier?.expiry_days_max ?? null;
  return lifetimes.filter((lifetime) => {
    if (max === null || lifetime === kept || lifetime === "custom") return true;
    return (lifetimeDays[lifetime] ?? Infinity) <= max;
  });
}

/** What a form that asks for a lifetime begins with. */
export function firstLifetime(
  tier: TierTerms | null,
): Pick<TokenValues, "lifetime" | "customTime"> {
  const most = tier?.expiry_days_max ?? null;
  const days = tier?.expiry_days_default ?? Math.min(90, most ?? 90);
  const known = lifetimes.find((lifetime) => lifetimeDays[lifetime] === days);
  return known
    ? { lifetime: known, customTime: "" }
    : { lifetime: "custom", customTime: toLocalInput(inDays(days)) };
}

export function emptyValues(
  name: string,
  models: string[],
  tier: TierTerms | null = null,
): TokenValues {
  const groups = tier?.groups ?? [];
  return {
    name,
    ...firstLifetime(tier),
    isUnlimited: false,
    quota: "20",
    models,
    ipRules: [],
    group: groups.includes(default_group) ? default_group : (groups[0] ?? default_group),
    ...plain,
  };
}

export function valuesOf(token: Token): TokenValues {
  return {
    name: token.name,
    lifetime: token.expires_at ? "custom" : "neverExpires",
    customTime: token.expires_at ? toLocalInput(token.expires_at) : "",
    isUnlimited: token.quota === null || token.quota === undefined,
    quota: token.quota ?? "",
    models: token.models,
    ipRules: token.ip_rules,
    budgetDay: token.budgets.day ?? "",
    budgetWeek: token.budgets.week ?? "",
    budgetMonth: token.budgets.month ?? "",
    requestsPerMinute: String(token.rates.requests_per_minute ?? ""),
    unitsPerMinute: String(token.rates.units_per_minute ?? ""),
    concurrency: String(token.rates.concurrency ?? ""),
    endpoints: token.endpoints,
    tags: token.tags,
    note: token.note,
    group: token.group,
    count: "1",
  };
}

/** When a token of these values expires; null is never. */
export function expiryOf(values: Pick<TokenValues, "lifetime" | "customTime">): string | null {
  if (values.lifetime === "custom") return fromLocalInput(values.customTime);
  const days = lifetimeDays[values.lifetime];
  return days === undefined ? null : inDays(days);
}

function budgetsOf(values: TokenValues) {
  const amount = (text: string) => (text === "" ? null : canonicalAmount(text));
  return {
    day: amount(values.budgetDay),
    week: amount(values.budgetWeek),
    month: amount(values.budgetMonth),
  };
}

function ratesOf(values: TokenValues) {
  const rate = (text: string) => (text === "" ? null : Number(text));
  return {
    requests_per_minute: rate(values.requestsPerMinute),
    units_per_minute: rate(values.unitsPerMinute),
    concurrency: rate(values.concurrency),
  };
}

/** Whether anything is set that the form keeps out of the way. */
export function hasAdvanced(values: TokenValues): boolean {
  if (values.group !== default_group) return true;
  return Object.entries(plain).some(
    ([key, empty]) => JSON.stringify(values[key as keyof typeof plain]) !== JSON.stringify(empty),
  );
}

export function newToken(values: TokenValues): NewToken {
  return {
    name: values.name,
    expires_at: expiryOf(values),
    quota: values.isUnlimited ? null : canonicalAmount(values.quota),
    models: values.models,
    ip_rules: values.ipRules,
    budgets: budgetsOf(values),
    rates: ratesOf(values),
    endpoints: values.endpoints,
    tags: values.tags,
    note: values.note,
    group: values.group,
    enabled: true,
  };
}

/** Only what was changed: a token that has expired can still be renamed. */
export function changeOf(before: TokenValues, after: TokenValues): TokenChange {
  const whole = newToken(after);
  const isSame = (...keys: (keyof TokenValues)[]) =>
    keys.every((key) => JSON.stringify(before[key]) === JSON.stringify(after[key]));
  return {
    ...(isSame("name") ? {} : { name: whole.name }),
    ...(isSame("lifetime", "customTime") ? {} : { expires_at: whole.expires_at ?? null }),
    ...(isSame("isUnlimited", "quota") ? {} : { quota: whole.quota ?? null }),
    ...(isSame("models") ? {} : { models: after.models }),
    ...(isSame("ipRules") ? {} : { ip_rules: after.ipRules }),
    ...(isSame("budgetDay", "budgetWeek", "budgetMonth") ? {} : { budgets: budgetsOf(after) }),
    ...(isSame("requestsPerMinute", "unitsPerMinute", "concurrency")
      ? {}
      : { rates: ratesOf(after) }),
    ...(isSame("endpoints") ? {} : { endpoints: after.endpoints }),
    ...(isSame("tags") ? {} : { tags: after.tags }),
    ...(isSame("note") ? {} : { note: after.note }),
    ...(isSame("group") ? {} : { group: after.group }),
  };
}
