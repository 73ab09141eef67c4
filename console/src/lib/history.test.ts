import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";

import { en } from "@/i18n/en";

import { tellEntry } from "./history";

const i18n = i18next.createInstance();
beforeAll(() =>
  i18n.init({
    lng: "en",
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
  }),
);

const tell = (action: string, detail: Record<string, unknown>) =>
  tellEntry(
    { action, actor: "a@b.c", at: "2026-11-25T10:00:00Z", detail: detail as never },
    i18n.t,
    "en",
  );

describe("what became of a token", () => {
  it("is told in words, before and after", () => {
    const told = tell("token.update", {
      quota: [null, "12.5"],
      models: [[], ["sim-*"]],
      budgets: [
        { day: null, week: null, month: "100" },
        { day: "5", week: null, month: "100" },
      ],
      rates: [
        { requests_per_minute: 60, units_per_minute: null, concurrency: null },
        { requests_per_minute: null, units_per_minute: null, concurrency: null },
      ],
      status: ["exhausted", "enabled"],
    });
    expect(told).toEqual({
      title: "Changed",
      note: null,
      changes: [
        { field: "Quota", before: "Unlimited", after: "$12.50" },
        { field: "Model Restriction", before: "All models", after: "sim-*" },
        { field: "Daily budget", before: "None", after: "$5.00" },
        { field: "Requests / min", before: "60", after: "None" },
      ],
    });
  });

  it("says of the switch alone what it did", () => {
    const detail = { enabled: [true, false], status: ["enabled", "disabled"] };
    expect(tell("token.update", detail)).toEqual({ title: "Disabled", note: null, changes: [] });
  });

  it("tells a rotation with the end of the old secret", () => {
    expect(tell("token.rotate", { old_secret_until: null }).note).toBe(
      "The old secret ended at once.",
    );
    expect(tell("token.rotate", { old_secret_until: "2026-11-26T10:00:00Z" }).note).toContain(
      "2026-11-26 10:00 UTC",
    );
  });

  it("hides nothing that it has no words for", () => {
    expect(tell("token.thing", {}).title).toBe("token.thing");
    expect(tell("token.update", { other: [1, { a: 2 }] }).changes).toEqual([
      { field: "other", before: "1", after: '{"a":2}' },
    ]);
  });
});
