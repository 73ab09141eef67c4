import type { Model } from "@/api/types";
import { isZero } from "@/lib/money";
import { matchingModels } from "@/lib/patterns";

import type { Protocol } from "./types";

/** What a token may call now; what writes text stands first, since others answer no message. */
export function callableModels(models: readonly Model[], patterns: string[]): Model[] {
  const served = models.filter((model) => model.available && model.price);
  const ids = new Set(
    matchingModels(
      patterns,
      served.map((model) => model.id),
    ),
  );
  const writes = (model: Model) => !isZero(model.price?.output ?? "0");
  return served
    .filter((model) => ids.has(model.id))
    .sort((a, b) => Number(writes(b)) - Number(writes(a)) || a.id.localeCompare(b.id));
}

/** The protocol of a model's vendor: what its channels speak for certain. */
export function protocolFor(model: Model | undefined): Protocol {
  return model?.provider === "anthropic" ? "messages" : "chat";
}
