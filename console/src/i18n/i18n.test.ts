import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

import { en } from "./en";
import { zhCN } from "./zh-CN";

function flatten(value: object, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, entry] of Object.entries(value)) {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    if (typeof entry === "string") found.set(path, entry);
    else for (const [inner, text] of flatten(entry as object, path)) found.set(inner, text);
  }
  return found;
}

const placeholders = (text: string) =>
  [...text.matchAll(/\{\{(\w+)(?:, \w+)?\}\}/g)].map((m) => m[1]).sort();

describe("the two languages", () => {
  const [english, chinese] = [flatten(en), flatten(zhCN)];

  it("hold the same keys", () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it("hold the same placeholders", () => {
    for (const [key, text] of english) {
      expect(placeholders(chinese.get(key) ?? ""), key).toEqual(placeholders(text));
    }
  });

  it("leave no text in English by mistake", () => {
    const proper = new Set([
      "common.product",
      "common.dash",
      "tokenForm.namePlaceholder",
      "usage.inOut",
      "managementKeys.namePlaceholder",
      "reveal.sdk",
      "reveal.sdks",
      "reveal.claudeCode",
      "reveal.curl",
      "reveal.codex",
      "reveal.dotenv",
      "providerForm.anthropic",
      "providerForm.gemini",
      "providerForm.deepseek",
      "providerForm.xai",
      "providerForm.mistral",
      "providerForm.moonshot",
      "providerForm.cohere",
      "providerForm.groq",
    ]);
    const same = [...english].filter(
      ([key, text]) => chinese.get(key) === text && !proper.has(key),
    );
    expect(same).toEqual([]);
  });
});

const read_aloud = new Set([
  "alt",
  "aria-label",
  "aria-description",
  "label",
  "placeholder",
  "title",
]);

/** Words that a person would see or hear and that no translator would find. */
function hardCoded(file: string): string[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(file, "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const found: string[] = [];
  const hasWords = (text: string) => /\p{L}{2,}/u.test(text);
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && hasWords(node.text)) found.push(`${file}: ${node.text.trim()}`);
    if (
      ts.isJsxAttribute(node) &&
      read_aloud.has(node.name.getText()) &&
      node.initializer !== undefined &&
      ts.isStringLiteral(node.initializer) &&
      hasWords(node.initializer.text)
    ) {
      found.push(`${file}: ${node.getText()}`);
    }
    if (
      ts.isJsxExpression(node) &&
      !ts.isJsxAttribute(node.parent) &&
      node.expression !== undefined &&
      ts.isStringLiteral(node.expression) &&
      hasWords(node.expression.text)
    ) {
      found.push(`${file}: ${node.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

it("no component holds text of its own", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tsx"))
    .map((name) => join("src", name));
  expect(files.length).toBeGreaterThan(20);
  expect(files.flatMap(hardCoded)).toEqual([]);
});
