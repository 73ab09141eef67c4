import { z } from "zod";

import type { Channel, ChannelChange, NewChannel, Provider } from "@/api/types";
import { fromPpm, toPpm } from "@/lib/multiplier";

/** In the order in which they are offered. */
export const providers = [
  "openai",
  "anthropic",
  "gemini",
  "deepseek",
  "xai",
  "mistral",
  "qwen",
  "moonshot",
  "cohere",
  "groq",
  "simulated",
] as const;
export type ProviderId = (typeof providers)[number];

/** What a provider may bill: a hundred times the price book. */
const cost_ppm_max = 100_000_000;

const model = /^[A-Za-z0-9._:/@+-]{1,128}$/;
const whole = (from: number, to: number) => (text: string) =>
  /^-?\d{1,4}$/.test(text) && Number(text) >= from && Number(text) <= to;

/** Messages are keys of `validation`, put into words where they are shown. */
export const channelSchema = z.object({
  provider: z.enum(providers),
  name: z.string().trim().min(1, "required").max(64, "nameLength"),
  baseUrl: z
    .string()
    .trim()
    .refine((text) => text === "" || /^https?:\/\/[^\s/]+/.test(text), "url"),
  allowPrivate: z.boolean(),
  keys: z
    .string()
    .refine((text) => keysOf(text).every((key) => /^[\x21-\x7e]+$/.test(key)), "keyForm"),
  models: z.array(z.string().regex(model, "modelName")),
  map: z.array(
    z.object({
      from: z.string().trim().regex(model, "modelName"),
      to: z.string().trim().regex(model, "modelName"),
    }),
  ),
  priority: z.string().trim().refine(whole(-1000, 1000), "priority"),
  weight: z.string().trim().refine(whole(1, 1000), "weight"),
  group: z.string(),
  cost: z
    .string()
    .trim()
    .refine((text) => (toPpm(text) ?? Infinity) <= cost_ppm_max, "costMultiplier"),
});

export type ChannelValues = z.infer<typeof channelSchema>;

/** One key a line; empty lines mean nothing. */
export function keysOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

export function isModelName(text: string): boolean {
  return model.test(text);
}

export function emptyChannel(offer: Pick<Provider, "id" | "name" | "default_base_url">) {
  const values: ChannelValues = {
    provider: offer.id,
    name: offer.name,
    baseUrl: offer.default_base_url ?? "",
    allowPrivate: false,
    keys: "",
    models: [],
    map: [],
    priority: "0",
    weight: "1",
    group: "default",
    cost: "1",
  };
  return values;
}

export function valuesOfChannel(channel: Channel): ChannelValues {
  return {
    provider: channel.provider,
    name: channel.name,
    baseUrl: channel.base_url ?? "",
    allowPrivate: channel.allow_private,
    keys: "",
    models: channel.models,
    map: Object.entries(channel.model_map).map(([from, to]) => ({ from, to })),
    priority: String(channel.priority),
    weight: String(channel.weight),
    group: channel.group,
    cost: fromPpm(channel.cost_multiplier_ppm),
  };
}

function common(values: ChannelValues) {
  return {
    name: values.name,
    models: values.models,
    model_map: Object.fromEntries(values.map.map(({ from, to }) => [from, to])),
    priority: Number(values.priority),
    weight: Number(values.weight),
    group: values.group,
    cost_multiplier_ppm: toPpm(values.cost) ?? 1_000_000,
    ...(values.provider === "simulated"
      ? {}
      : {
          base_url: values.baseUrl === "" ? null : values.baseUrl,
          allow_private: values.allowPrivate,
        }),
  };
}

export function newChannel(values: ChannelValues): NewChannel {
  const key = keysOf(values.keys).join("\n");
  return {
    provider: values.provider,
    ...common(values),
    ...(key === "" ? {} : { key }),
  };
}

/** Keys are only sent where new ones were written: the old ones cannot be shown. */
export function channelChange(values: ChannelValues): ChannelChange {
  const key = keysOf(values.keys).join("\n");
  return { ...common(values), ...(key === "" ? {} : { key }) };
}
