import type { ParseKeys, TFunction } from "i18next";

import type { TokenDetail } from "@/api/types";

import { formatMoney } from "./money";
import { formatExact } from "./time";

type Entry = TokenDetail["history"][number];

/** One field that was changed, in words. */
export interface Change {
  field: string;
  before: string;
  after: string;
}

export interface Told {
  title: string;
  /** What there is to say of the whole. */
  note: string | null;
  changes: Change[];
}

type Detail = Record<string, unknown>;

/** What follows from the rest and says nothing by itself. */
const derived = new Set(["status", "status_reason", "rotated_at", "hint", "account_id"]);

/** What became of a token, for people. A field that has no words yet is shown as it came. */
export function tellEntry(entry: Entry, t: TFunction, language: string): Told {
  const detail: Detail = entry.detail;
  const told = { note: null, changes: [] };
  switch (entry.action) {
    case "token.create": {
      const { batch } = detail;
      const note = typeof batch === "number" ? t("history.batch", { count: batch }) : null;
      return { ...told, title: t("history.created"), note };
    }
    case "token.rotate": {
      const until = detail["old_secret_until"];
      const note =
        typeof until === "string"
          ? t("history.oldUntil", { when: formatExact(until, language) })
          : t("history.oldEnded");
      return { ...told, title: t("history.rotated"), note };
    }
    case "token.playground": {
      const until = detail["valid_until"];
      const note =
        typeof until === "string"
          ? t("history.playgroundUntil", { when: formatExact(until, language) })
          : null;
      return { ...told, title: t("history.playground"), note };
    }
    case "token.delete":
      return { ...told, title: t("history.deleted") };
    case "token.update":
      return tellUpdate(detail, t, language);
    default:
      return { ...told, title: entry.action };
  }
}

function tellUpdate(detail: Detail, t: TFunction, language: string): Told {
  const fields = Object.entries(detail).filter(([field]) => !derived.has(field));
  const [only] = fields;
  if (fields.length === 1 && only?.[0] === "enabled") {
    const isOn = afterOf(only[1]) === true;
    return { title: t(isOn ? "history.enabled" : "history.disabled"), note: null, changes: [] };
  }
  const changes = fields.flatMap(([field, pair]) =>
    Array.isArray(pair) ? tellField(field, pair[0], pair[1], t, language) : [],
  );
  return { title: t("history.changed"), note: null, changes };
}

const afterOf = (pair: unknown): unknown => (Array.isArray(pair) ? pair[1] : undefined);

function tellField(
  field: string,
  before: unknown,
  after: unknown,
  t: TFunction,
  language: string,
): Change[] {
  const parts = partsOf[field];
  if (parts) {
    return Object.entries(parts).flatMap(([part, label]) => {
      const [was, is] = [valueIn(before, part), valueIn(after, part)];
      if (was === is) return [];
      const say = (value: unknown) =>
        value === null || value === undefined
          ? t("history.none")
          : field === "budgets"
            ? formatMoney(String(value))
            : new Intl.NumberFormat(language).format(Number(value));
      return [{ field: t(label), before: say(was), after: say(is) }];
    });
  }
  const label = labels[field];
  const say = (value: unknown) => sayValue(field, value, t, language);
  return [{ field: label ? t(label) : field, before: say(before), after: say(after) }];
}

const valueIn = (value: unknown, part: string): unknown =>
  typeof value === "object" && value !== null ? (value as Detail)[part] : undefined;

const labels: Partial<Record<string, ParseKeys>> = {
  name: "tokenForm.name",
  enabled: "tokens.columns.status",
  quota: "tokenForm.quota",
  expires_at: "tokenForm.expiration",
  models: "tokenForm.models",
  ip_rules: "tokenForm.ips",
  endpoints: "tokenForm.endpoints",
  tags: "tokenForm.tags",
  note: "tokenForm.note",
  group: "tokenForm.group",
};

const partsOf: Partial<Record<string, Record<string, ParseKeys>>> = {
  budgets: {
    day: "tokenForm.budgetDay",
    week: "tokenForm.budgetWeek",
    month: "tokenForm.budgetMonth",
  },
  rates: {
    requests_per_minute: "tokenForm.requestsPerMinute",
    units_per_minute: "tokenForm.unitsPerMinute",
    concurrency: "tokenForm.concurrency",
  },
};

/** What a list without entries means. */
const everything: Partial<Record<string, ParseKeys>> = {
  models: "tokenForm.modelsPlaceholder",
  ip_rules: "tokenForm.ipsPlaceholder",
  endpoints: "tokenForm.endpointsPlaceholder",
};

function sayValue(field: string, value: unknown, t: TFunction, language: string): string {
  if (field === "quota") {
    return value === null ? t("tokens.unlimited") : formatMoney(String(value));
  }
  if (field === "expires_at") {
    return value === null ? t("tokens.neverExpires") : formatExact(String(value), language);
  }
  if (field === "enabled") {
    return t(value === true ? "tokens.status.enabled" : "tokens.status.disabled");
  }
  if (Array.isArray(value)) {
    if (value.length > 0) return value.join(", ");
    const all = everything[field];
    return all ? t(all) : t("history.none");
  }
  if (value === null || value === undefined || value === "") return t("history.none");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
