import type { Setting } from "@/api/types";

/** What the address of the settings page can say. */
export interface SettingsSearch {
  search?: string | undefined;
  /** "1": only what is not as it comes. */
  changed?: "1" | undefined;
}

export function parseSettingsSearch(raw: Record<string, unknown>): SettingsSearch {
  const { search, changed } = raw;
  return {
    search: search === undefined || search === "" ? undefined : String(search),
    changed: String(changed) === "1" ? "1" : undefined,
  };
}

/** Somebody gave the value. */
export function isChanged(setting: Setting): boolean {
  return setting.source !== "default";
}

/** Those in which every word that was typed is found: in name, variable, value or meaning. */
export function settingsOf(
  settings: readonly Setting[],
  { search = "", changed }: SettingsSearch,
  meaningOf: (setting: Setting) => string,
): Setting[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return settings.filter((setting) => {
    if (changed && !isChanged(setting)) return false;
    const { key, variable, value, meaning } = setting;
    const text = [key, variable, value ?? "", meaning, meaningOf(setting)].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** In the order of the documentation, those of one table together. */
export function byTable(settings: readonly Setting[]): [table: string, settings: Setting[]][] {
  const tables = new Map<string, Setting[]>();
  for (const setting of settings) {
    const known = tables.get(setting.table);
    if (known) known.push(setting);
    else tables.set(setting.table, [setting]);
  }
  return [...tables];
}

/** A value as the file has it, without what only the file needs. */
export function plainValue(written: string): string {
  try {
    const value: unknown = JSON.parse(written);
    return Array.isArray(value) ? value.join(", ") : String(value);
  } catch {
    return written;
  }
}

const byte_signs = ["B", "KiB", "MiB", "GiB"] as const;

/** Bytes in the largest unit of which there are whole ones; nothing below a kibibyte. */
export function inBytes(bytes: number, language: string): string | null {
  let [amount, step] = [bytes, 0];
  while (amount >= 1024 && amount % 1024 === 0 && step + 1 < byte_signs.length) {
    amount /= 1024;
    step += 1;
  }
  const number = new Intl.NumberFormat(language);
  return step === 0 ? null : `${number.format(amount)} ${byte_signs[step]}`;
}

/** A length of time in words, in the largest unit of which there are whole ones. */
export function inTime(seconds: number, language: string): string {
  const [amount, unit] =
    seconds >= 3600 && seconds % 3600 === 0
      ? [seconds / 3600, "hour"]
      : seconds >= 60 && seconds % 60 === 0
        ? [seconds / 60, "minute"]
        : [seconds, "second"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(
    amount,
  );
}

/** How tables of the file are called. */
export const tableNames: Readonly<Record<string, TableName>> = {
  "": "relay",
  limits: "limits",
  retention: "retention",
  mail: "mail",
  alerts: "alerts",
  "payments.stripe": "stripe",
  redemption_codes: "redemption_codes",
  sign_in: "sign_in",
  "sign_in.github": "github",
};

type TableName =
  | "relay"
  | "limits"
  | "retention"
  | "mail"
  | "alerts"
  | "stripe"
  | "redemption_codes"
  | "sign_in"
  | "github";
