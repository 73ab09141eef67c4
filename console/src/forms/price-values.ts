import { z } from "zod";

import type { ModelPrice } from "@/api/types";
import { priceKeys, type PriceKey } from "@/lib/models";
import { canonicalAmount } from "@/lib/money";
import { inputPriceKeys } from "@/lib/prices";
import { fromLocalInput } from "@/lib/time";

const model = /^[A-Za-z0-9._:/@+-]{1,128}$/;
const priceText = /^\d{1,9}(\.\d{1,9})?$/;

const optional = (pattern: RegExp, message: string) =>
  z
    .string()
    .trim()
    .refine((text) => text === "" || pattern.test(text), message);

const price = optional(priceText, "price");
const option = optional(/^[A-Za-z0-9._-]{1,64}$/, "option");
const timeOfDay = optional(/^([01]\d|2[0-3]):[0-5]\d$/, "timeOfDay");

type Rule = NonNullable<ModelPrice["rules"]>[number];

const prices = z.object(
  Object.fromEntries(priceKeys.map((key) => [key, price])) as Record<PriceKey, typeof price>,
);

const rule = z
  .object({
    inputAbove: optional(/^\d{1,9}$/, "units"),
    part: z.enum(["whole", "above"]),
    serviceTier: option,
    speed: option,
    inferenceGeo: option,
    dailyFrom: timeOfDay,
    dailyUntil: timeOfDay,
    prices,
  })
  .superRefine((values, context) => {
    const fault = (field: string, message: string) =>
      context.addIssue({ code: "custom", path: [field], message });
    const { inputAbove, serviceTier, speed, inferenceGeo, dailyFrom, dailyUntil } = values;
    const conditions = [inputAbove, serviceTier, speed, inferenceGeo, dailyFrom, dailyUntil];
    if (conditions.every((text) => text === "")) fault("inputAbove", "ruleCondition");
    if ((dailyFrom === "") !== (dailyUntil === "") || (dailyFrom && dailyFrom === dailyUntil)) {
      fault("dailyUntil", "span");
    }
    const named = priceKeys.filter((key) => values.prices[key] !== "");
    if (named.length === 0) fault("part", "rulePrice");
    const onlyInput = named.every((key) => inputPriceKeys.includes(key));
    if (values.part === "above" && (inputAbove === "" || !onlyInput)) fault("part", "ruleAbove");
  });

/** Messages are keys of `validation`, put into words where they are shown. */
export const priceSchema = z
  .object({
    model: z.string().trim().regex(model, "modelName"),
    prices,
    rules: z.array(rule),
    /** A local time; empty is now. */
    validFrom: z.string(),
  })
  .superRefine((values, context) => {
    for (const meter of ["input", "output"] as const) {
      if (values.prices[meter] === "") {
        context.addIssue({ code: "custom", path: ["prices", meter], message: "required" });
      }
    }
    if (values.validFrom !== "" && Date.parse(values.validFrom) < Date.now()) {
      context.addIssue({ code: "custom", path: ["validFrom"], message: "timePast" });
    }
  });

export type PriceValues = z.infer<typeof priceSchema>;
export type RuleValues = PriceValues["rules"][number];
export type PriceTexts = PriceValues["prices"];

function textsOf(from: Partial<Record<PriceKey, string | null | undefined>>): PriceTexts {
  const pairs = priceKeys.map((key) => [key, from[key] ?? ""]);
  return Object.fromEntries(pairs) as PriceTexts;
}

export const emptyRule: RuleValues = {
  inputAbove: "",
  part: "whole",
  serviceTier: "",
  speed: "",
  inferenceGeo: "",
  dailyFrom: "",
  dailyUntil: "",
  prices: textsOf({}),
};

export function valuesOfPrice(model: string, price: ModelPrice | null): PriceValues {
  return {
    model,
    prices: textsOf(price ?? {}),
    rules: (price?.rules ?? []).map((rule) => ({
      inputAbove: rule.input_above == null ? "" : String(rule.input_above),
      part: rule.part ?? "whole",
      serviceTier: rule.service_tier ?? "",
      speed: rule.speed ?? "",
      inferenceGeo: rule.inference_geo ?? "",
      dailyFrom: rule.daily_from ?? "",
      dailyUntil: rule.daily_until ?? "",
      prices: textsOf(rule),
    })),
    validFrom: "",
  };
}

function named(texts: PriceTexts): Partial<Record<PriceKey, string>> {
  const filled = priceKeys.filter((key) => texts[key] !== "");
  return Object.fromEntries(filled.map((key) => [key, canonicalAmount(texts[key])]));
}

function ruleOf(values: RuleValues): Rule {
  const { inputAbove, part, serviceTier, speed, inferenceGeo, dailyFrom, dailyUntil } = values;
  return {
    ...(inputAbove === "" ? {} : { input_above: Number(inputAbove) }),
    ...(part === "above" ? { part } : {}),
    ...(serviceTier === "" ? {} : { service_tier: serviceTier }),
    ...(speed === "" ? {} : { speed }),
    ...(inferenceGeo === "" ? {} : { inference_geo: inferenceGeo }),
    ...(dailyFrom === "" ? {} : { daily_from: dailyFrom, daily_until: dailyUntil }),
    ...named(values.prices),
  };
}

/** The whole price: what it does not name falls back as the price book says. */
export function priceOf(values: PriceValues): ModelPrice {
  const { input, output } = values.prices;
  const rules = values.rules.map(ruleOf);
  return {
    ...named(values.prices),
    input: canonicalAmount(input),
    output: canonicalAmount(output),
    ...(rules.length === 0 ? {} : { rules }),
  };
}

/** The time from which it is to hold; undefined is now. */
export function validFromOf(values: PriceValues): string | undefined {
  return values.validFrom === "" ? undefined : (fromLocalInput(values.validFrom) ?? undefined);
}
