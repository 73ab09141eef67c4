import { z } from "zod";

import type { NewTier, Tier, TierChange } from "@/api/types";
import { amountInput, canonicalAmount } from "@/lib/money";
import { fromPpm, toPpm } from "@/lib/multiplier";
import { modelPattern } from "@/lib/patterns";

const token_limit_max = 1_000_000;
const days_max = 3_650;

const optionalRate = z
  .string()
  .trim()
  .refine((text) => text === "" || /^[1-9]\d{0,8}$/.test(text), "rate");
const optionalDays = z
  .string()
  .trim()
  .refine(
    (text) => text === "" || (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= days_max),
    "days",
  );

/** Messages are keys of `validation`, put into words where they are shown. */
export const tierSchema = z
  .object({
    name: z.string().trim().min(1, "required").max(64, "nameLength"),
    tokenLimit: z
      .string()
      .trim()
      .refine((text) => /^\d{1,7}$/.test(text) && Number(text) <= token_limit_max, "tokenLimit"),
    multiplier: z
      .string()
      .trim()
      .refine((text) => toPpm(text) !== null, "multiplier"),
    overdraft: z
      .string()
      .trim()
      .refine((text) => amountInput.test(text), "amount"),
    models: z.array(z.string().regex(modelPattern, "model")),
    groups: z.array(z.string()),
    requestsPerMinute: optionalRate,
    unitsPerMinute: optionalRate,
    concurrency: optionalRate,
    expiryDefault: optionalDays,
    expiryMax: optionalDays,
  })
  .superRefine((values, context) => {
    const { expiryDefault, expiryMax } = values;
    if (expiryDefault !== "" && expiryMax !== "" && Number(expiryDefault) > Number(expiryMax)) {
      context.addIssue({ code: "custom", path: ["expiryDefault"], message: "daysOrder" });
    }
  });

export type TierValues = z.infer<typeof tierSchema>;

export const emptyTier: TierValues = {
  name: "",
  tokenLimit: "20",
  multiplier: "1",
  overdraft: "0",
  models: [],
  groups: [],
  requestsPerMinute: "",
  unitsPerMinute: "",
  concurrency: "",
  expiryDefault: "",
  expiryMax: "",
};

export function valuesOfTier(tier: Tier): TierValues {
  return {
    name: tier.name,
    tokenLimit: String(tier.token_limit),
    multiplier: fromPpm(tier.multiplier_ppm),
    overdraft: tier.overdraft,
    models: tier.models,
    groups: tier.groups,
    requestsPerMinute: String(tier.rates.requests_per_minute ?? ""),
    unitsPerMinute: String(tier.rates.units_per_minute ?? ""),
    concurrency: String(tier.rates.concurrency ?? ""),
    expiryDefault: String(tier.expiry_days_default ?? ""),
    expiryMax: String(tier.expiry_days_max ?? ""),
  };
}

const whole = (text: string) => (text === "" ? null : Number(text));

export function newTier(values: TierValues): NewTier {
  return {
    name: values.name,
    token_limit: Number(values.tokenLimit),
    multiplier_ppm: toPpm(values.multiplier) ?? 1_000_000,
    overdraft: canonicalAmount(values.overdraft),
    models: values.models,
    groups: values.groups,
    rates: {
      requests_per_minute: whole(values.requestsPerMinute),
      units_per_minute: whole(values.unitsPerMinute),
      concurrency: whole(values.concurrency),
    },
    expiry_days_default: whole(values.expiryDefault),
    expiry_days_max: whole(values.expiryMax),
  };
}

/** Everything: the version says that nothing else was changed meanwhile. */
export function tierChange(values: TierValues): TierChange {
  return newTier(values);
}
