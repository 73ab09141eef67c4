import { placeholder_secret } from "@/lib/snippets";

import { bodyOf, headersOf, paths, type Body } from "./request";
import type { Ask, Protocol } from "./types";

export const requestKinds = ["curl", "python", "js"] as const;
export type RequestKind = (typeof requestKinds)[number];

/** A picture's data says nothing to a reader. */
const picture_shown_max = 40;

/** The request that the playground sends, as text to run elsewhere. */
export function requestText(kind: RequestKind, ask: Ask, origin: string): string {
  const body = shortened(bodyOf(ask)) as Body;
  switch (kind) {
    case "curl":
      return curl(ask.protocol, body, origin);
    case "python":
      return python(ask.protocol, body, origin);
    case "js":
      return js(ask.protocol, body, origin);
  }
}

function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isPicture =
        typeof inner === "string" && (inner.startsWith("data:image/") || key === "data");
      return [key, isPicture ? cut(inner) : shortened(inner)];
    }),
  );
}

const cut = (text: string) =>
  text.length > picture_shown_max ? `${text.slice(0, picture_shown_max)}…` : text;

function curl(protocol: Protocol, body: Body, origin: string): string {
  const headers = Object.entries(headersOf(protocol, placeholder_secret));
  const json = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return [
    `curl ${origin}${paths[protocol]}`,
    ...headers.map(([name, value]) => `  -H '${name}: ${value}'`),
    `  -d '${json}'`,
  ].join(" \\\n");
}

const calls = {
  chat: { python: "client.chat.completions.create", js: "client.chat.completions.create" },
  responses: { python: "client.responses.create", js: "client.responses.create" },
  messages: { python: "client.messages.create", js: "client.messages.create" },
} satisfies Record<Protocol, Record<"python" | "js", string>>;

function python(protocol: Protocol, body: Body, origin: string): string {
  const isAnthropic = protocol === "messages";
  const name = isAnthropic ? "Anthropic" : "OpenAI";
  const named = Object.entries(body).map(([key, value]) => `    ${key}=${pythonOf(value, 1)},`);
  const result = body["stream"] === true ? "stream" : "answer";
  return [
    `from ${name.toLowerCase()} import ${name}`,
    "",
    `client = ${name}(base_url="${origin}${isAnthropic ? "" : "/v1"}", api_key="${placeholder_secret}")`,
    `${result} = ${calls[protocol].python}(`,
    ...named,
    ")",
    ...(result === "stream" ? ["for event in stream:", "    print(event)"] : ["print(answer)"]),
  ].join("\n");
}

/** A value as Python writes it. */
function pythonOf(value: unknown, depth: number): string {
  const [inner, outer] = ["    ".repeat(depth + 1), "    ".repeat(depth)];
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null) return "None";
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const items = value.map((item) => `${inner}${pythonOf(item, depth + 1)},`);
    return `[\n${items.join("\n")}\n${outer}]`;
  }
  if (typeof value === "object") {
    const pairs = Object.entries(value).map(
      ([key, item]) => `${inner}${JSON.stringify(key)}: ${pythonOf(item, depth + 1)},`,
    );
    return `{\n${pairs.join("\n")}\n${outer}}`;
  }
  // JSON's escapes are Python's too.
  return JSON.stringify(value);
}

function js(protocol: Protocol, body: Body, origin: string): string {
  const isAnthropic = protocol === "messages";
  const [name, module] = isAnthropic ? ["Anthropic", "@anthropic-ai/sdk"] : ["OpenAI", "openai"];
  const base = `${origin}${isAnthropic ? "" : "/v1"}`;
  const result = body["stream"] === true ? "stream" : "answer";
  return [
    `import ${name} from "${module}";`,
    "",
    `const client = new ${name}({ baseURL: "${base}", apiKey: "${placeholder_secret}" });`,
    `const ${result} = await ${calls[protocol].js}(${JSON.stringify(body, null, 2)});`,
    result === "stream"
      ? "for await (const event of stream) console.log(event);"
      : "console.log(answer);",
  ].join("\n");
}
