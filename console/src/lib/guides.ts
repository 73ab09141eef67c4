import type { Client } from "./snippets";

/** What a person types into a program's settings, one line each. */
export type FieldName = "host" | "baseUrl" | "key" | "model";

export interface Guide {
  id: string;
  /** The program's own name, the same in every language. */
  name: string;
  place: "apps" | "libraries" | "anything";
  /** Ready texts, each under the name of what it is for. */
  texts: readonly { name: string; client: Client }[];
  /** For programs that are set up by clicking. */
  fields: readonly FieldName[];
}

/** How to set up each client. What is said about it stands in the texts under `docs.guides`. */
export const guides = [
  {
    id: "claude_code",
    name: "Claude Code",
    place: "apps",
    texts: [{ name: "Claude Code", client: "claude-code" }],
    fields: [],
  },
  {
    id: "codex",
    name: "Codex",
    place: "apps",
    texts: [{ name: "Codex", client: "codex" }],
    fields: [],
  },
  {
    id: "gemini_cli",
    name: "Gemini CLI",
    place: "apps",
    texts: [{ name: "Gemini CLI", client: "gemini-cli" }],
    fields: [],
  },
  {
    id: "cherry_studio",
    name: "Cherry Studio",
    place: "apps",
    texts: [],
    fields: ["host", "key", "model"],
  },
  {
    id: "open_webui",
    name: "Open WebUI",
    place: "apps",
    texts: [],
    fields: ["baseUrl", "key"],
  },
  {
    id: "openai_sdk",
    name: "OpenAI SDK",
    place: "libraries",
    texts: [
      { name: "Python", client: "openai-python" },
      { name: "JavaScript", client: "openai-js" },
    ],
    fields: [],
  },
  {
    id: "anthropic_sdk",
    name: "Anthropic SDK",
    place: "libraries",
    texts: [
      { name: "Python", client: "anthropic-python" },
      { name: "JavaScript", client: "anthropic-js" },
    ],
    fields: [],
  },
  {
    id: "gemini_sdk",
    name: "Google Gen AI SDK",
    place: "libraries",
    texts: [
      { name: "Python", client: "gemini-python" },
      { name: "JavaScript", client: "gemini-js" },
    ],
    fields: [],
  },
  {
    id: "litellm",
    name: "LiteLLM",
    place: "libraries",
    texts: [{ name: "Python", client: "litellm" }],
    fields: [],
  },
  {
    id: "langchain",
    name: "LangChain",
    place: "libraries",
    texts: [{ name: "Python", client: "langchain" }],
    fields: [],
  },
  {
    id: "curl",
    name: "curl",
    place: "anything",
    texts: [
      { name: "JSON", client: "curl" },
      { name: "SSE", client: "curl-stream" },
    ],
    fields: [],
  },
  {
    id: "other",
    name: ".env",
    place: "anything",
    texts: [{ name: ".env", client: "dotenv" }],
    fields: ["baseUrl", "key", "model"],
  },
] as const satisfies readonly Guide[];

export type GuideId = (typeof guides)[number]["id"];

export const guidePlaces = ["apps", "libraries", "anything"] as const;

/** What is called under each path of the relay itself, beside the control API. */
export const relayPaths = [
  { method: "POST", path: "/v1/chat/completions", text: "chat" },
  { method: "POST", path: "/v1/responses", text: "responses" },
  { method: "POST", path: "/v1/messages", text: "messages" },
  { method: "POST", path: "/v1/messages/count_tokens", text: "countTokens" },
  { method: "POST", path: "/v1beta/models/{model}:generateContent", text: "generate" },
  { method: "POST", path: "/v1beta/models/{model}:streamGenerateContent", text: "generateStream" },
  { method: "POST", path: "/v1/embeddings", text: "embeddings" },
  { method: "POST", path: "/v1/completions", text: "completions" },
  { method: "GET", path: "/v1/models", text: "models" },
  { method: "GET", path: "/v1/token", text: "token" },
] as const;
