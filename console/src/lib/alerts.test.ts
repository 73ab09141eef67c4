import { expect, it } from "vitest";

import type { Alert } from "@/api/types";
import { en } from "@/i18n/en";

import { alertKinds, sentenceOf } from "./alerts";

const alert = (kind: string, detail: Alert["detail"]): Alert => ({
  id: "alr_1",
  kind,
  created_at: "2026-11-25T09:00:00Z",
  account: null,
  token: null,
  channel: null,
  seen: false,
  detail,
});

it("every kind has its name and its sentence", () => {
  for (const kind of alertKinds) {
    expect(en.alerts.names[kind]).toBeTruthy();
    const sentence = sentenceOf(alert(kind, {}), "en");
    expect(en.alerts.said[sentence!.key]).toBeTruthy();
  }
});

it("a budget is told by its period", () => {
  const sentence = sentenceOf(alert("token_budget", { period: "week", used: "1.6" }), "en");
  expect(sentence?.key).toBe("token_budget_week");
  expect(sentence?.values["used"]).toBe("$1.60");
});

it("a kind of a newer relay has no sentence yet", () => {
  expect(sentenceOf(alert("something_new", {}), "en")).toBeNull();
});
