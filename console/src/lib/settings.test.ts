import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import type { Setting } from "@/api/types";
import { en } from "@/i18n/en";
import { meanings } from "@/i18n/zh-CN-settings-meanings";

import {
  byTable,
  inBytes,
  inTime,
  parseSettingsSearch,
  plainValue,
  settingsOf,
  tableNames,
} from "./settings";

const setting = (key: string, rest: Partial<Setting> = {}): Setting => ({
  key,
  table: key.includes(".") ? key.slice(0, key.lastIndexOf(".")) : "",
  kind: "number",
  unit: null,
  choices: [],
  meaning: `About ${key}`,
  default: "1",
  value: "1",
  secret: false,
  set: true,
  source: "default",
  source_name: null,
  variable: `ANC_${key.toUpperCase().replace(".", "__")}`,
  ...rest,
});

const own = () => "";

it("every setting and every table of the defaults has its Chinese, and nothing else has", () => {
  const keys: string[] = [];
  const tables = new Set([""]);
  let table = "";
  for (const line of readFileSync("../config.default.toml", "utf8").split("\n")) {
    const inTable = /^\[(.+)\]$/.exec(line)?.[1];
    if (inTable !== undefined) table = inTable;
    const key = /^(\w+) = /.exec(line)?.[1];
    if (key === undefined) continue;
    keys.push(table === "" ? key : `${table}.${key}`);
    tables.add(table);
  }
  expect(keys.length).toBeGreaterThan(50);
  expect(Object.keys(meanings).sort()).toEqual(keys.sort());
  expect(Object.keys(tableNames).sort()).toEqual([...tables].sort());
  expect(Object.values(tableNames).sort()).toEqual(Object.keys(en.settings.tables).sort());
});

it("every word must be found, in whatever part of the setting", () => {
  const all = [setting("limits.attempts"), setting("listen"), setting("workers", { value: "8" })];
  const found = (search: string) => settingsOf(all, { search }, own).map((one) => one.key);
  expect(found("ATTEMPTS about")).toEqual(["limits.attempts"]);
  expect(found("anc_limits__")).toEqual(["limits.attempts"]);
  expect(found("8")).toEqual(["workers"]);
  expect(found("attempts workers")).toEqual([]);
  const translated = settingsOf(all, { search: "线程" }, (one) =>
    one.key === "workers" ? "线程数" : "",
  );
  expect(translated.map((one) => one.key)).toEqual(["workers"]);
});

it("what was changed is what somebody gave, though it be the default", () => {
  const all = [setting("listen", { source: "file" }), setting("workers")];
  expect(settingsOf(all, { changed: "1" }, own).map((one) => one.key)).toEqual(["listen"]);
});

it("tables keep the order of the documentation", () => {
  const all = [setting("listen"), setting("limits.b"), setting("workers"), setting("limits.a")];
  expect(byTable(all).map(([table, some]) => [table, some.length])).toEqual([
    ["", 2],
    ["limits", 2],
  ]);
});

it("values are read as people write them", () => {
  expect(plainValue('"closed"')).toBe("closed");
  expect(plainValue('["10.0.0.0/8", "::1"]')).toBe("10.0.0.0/8, ::1");
  expect(plainValue('""')).toBe("");
  expect(plainValue("30")).toBe("30");
  expect([inBytes(33_554_432, "en"), inBytes(100, "en")]).toEqual(["32 MiB", null]);
  expect([inTime(1800, "en"), inTime(90, "en")]).toEqual(["30 minutes", "90 seconds"]);
});

it("the address keeps what can be searched for", () => {
  expect(parseSettingsSearch({ search: 42, changed: "1" })).toEqual({ search: "42", changed: "1" });
  expect(parseSettingsSearch({ search: "", changed: "x" })).toEqual({});
});
