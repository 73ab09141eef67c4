/**
 * The ready-made set-ups of the reveal panel: one table, client by client and shell by shell, so
 * that its snapshot test shows every text that a person can copy.
 */
export interface SnippetInput {
  /** Where this relay is reached, without a path. */
  origin: string;
  secret: string;
  /** A model that the token may call. */
  model: string;
}

/** Shown where the relay serves no model yet: any name makes a set-up readable. */
export const any_model = "gpt-5";

/** Stands where the secret will. */
export const placeholder_secret = "sk-anc…";

export const shells = ["bash", "powershell"] as const;
export type Shell = (typeof shells)[number];
export const shellNames: Record<Shell, string> = { bash: "bash", powershell: "PowerShell" };

export const clients = [
  "claude-code",
  "codex",
  "openai-python",
  "openai-js",
  "anthropic-python",
  "anthropic-js",
  "gemini-python",
  "gemini-js",
  "gemini-cli",
  "litellm",
  "langchain",
  "dotenv",
  "curl",
  "curl-stream",
] as const;
export type Client = (typeof clients)[number];

type Snippet = (input: SnippetInput) => string;

const setVariable: Record<Shell, (name: string, value: string) => string> = {
  bash: (name, value) => `export ${name}="${value}"`,
  powershell: (name, value) => `$env:${name} = "${value}"`,
};

const lines = (...parts: string[]) => parts.join("\n");

// Claude Code appends /v1/messages itself: its base URL has no /v1. With both variables set it
// would send two credentials, hence the line that removes the other.
const claudeCode: Record<Shell, Snippet> = {
  bash: ({ origin, secret }) =>
    lines(
      "unset ANTHROPIC_API_KEY",
      setVariable.bash("ANTHROPIC_BASE_URL", origin),
      setVariable.bash("ANTHROPIC_AUTH_TOKEN", secret),
      "claude",
    ),
  powershell: ({ origin, secret }) =>
    lines(
      "Remove-Item Env:ANTHROPIC_API_KEY -ErrorAction SilentlyContinue",
      setVariable.powershell("ANTHROPIC_BASE_URL", origin),
      setVariable.powershell("ANTHROPIC_AUTH_TOKEN", secret),
      "claude",
    ),
};

/** SDK programs read the key from the environment; only the line that sets it knows the shell. */
function sdk(variable: string, program: Snippet): Record<Shell, Snippet> {
  const forShell =
    (shell: Shell): Snippet =>
    (input) =>
      lines(setVariable[shell](variable, input.secret), "", program(input));
  return { bash: forShell("bash"), powershell: forShell("powershell") };
}

const openaiPython: Snippet = ({ origin, model }) =>
  lines(
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url="${origin}/v1")`,
    "answer = client.chat.completions.create(",
    `    model="${model}",`,
    '    messages=[{"role": "user", "content": "Say hello"}],',
    ")",
    "print(answer.choices[0].message.content)",
  );

const openaiJs: Snippet = ({ origin, model }) =>
  lines(
    'import OpenAI from "openai";',
    "",
    `const client = new OpenAI({ baseURL: "${origin}/v1" });`,
    "const answer = await client.chat.completions.create({",
    `  model: "${model}",`,
    '  messages: [{ role: "user", content: "Say hello" }],',
    "});",
    "console.log(answer.choices[0].message.content);",
  );

const anthropicPython: Snippet = ({ origin, model }) =>
  lines(
    "from anthropic import Anthropic",
    "",
    `client = Anthropic(base_url="${origin}")`,
    "answer = client.messages.create(",
    `    model="${model}",`,
    "    max_tokens=256,",
    '    messages=[{"role": "user", "content": "Say hello"}],',
    ")",
    "print(answer.content[0].text)",
  );

const anthropicJs: Snippet = ({ origin, model }) =>
  lines(
    'import Anthropic from "@anthropic-ai/sdk";',
    "",
    `const client = new Anthropic({ baseURL: "${origin}" });`,
    "const answer = await client.messages.create({",
    `  model: "${model}",`,
    "  max_tokens: 256,",
    '  messages: [{ role: "user", content: "Say hello" }],',
    "});",
    "console.log(answer.content[0].text);",
  );

const geminiPython: Snippet = ({ origin, model }) =>
  lines(
    "from google import genai",
    "",
    `client = genai.Client(http_options={"base_url": "${origin}"})`,
    "answer = client.models.generate_content(",
    `    model="${model}",`,
    '    contents="Say hello",',
    ")",
    "print(answer.text)",
  );

const geminiJs: Snippet = ({ origin, model }) =>
  lines(
    'import { GoogleGenAI } from "@google/genai";',
    "",
    "const client = new GoogleGenAI({",
    "  apiKey: process.env.GEMINI_API_KEY,",
    `  httpOptions: { baseUrl: "${origin}" },`,
    "});",
    "const answer = await client.models.generateContent({",
    `  model: "${model}",`,
    '  contents: "Say hello",',
    "});",
    "console.log(answer.text);",
  );

// The command line adds /v1beta itself.
const geminiCli: Record<Shell, Snippet> = {
  bash: ({ origin, secret, model }) =>
    lines(
      setVariable.bash("GOOGLE_GEMINI_BASE_URL", origin),
      setVariable.bash("GEMINI_API_KEY", secret),
      `gemini --model ${model}`,
    ),
  powershell: ({ origin, secret, model }) =>
    lines(
      setVariable.powershell("GOOGLE_GEMINI_BASE_URL", origin),
      setVariable.powershell("GEMINI_API_KEY", secret),
      `gemini --model ${model}`,
    ),
};

// The prefix says which protocol to speak; the rest is the model's name here.
const litellm: Snippet = ({ origin, model }) =>
  lines(
    "import os",
    "from litellm import completion",
    "",
    "answer = completion(",
    `    model="openai/${model}",`,
    `    api_base="${origin}/v1",`,
    '    api_key=os.environ["ANC_API_KEY"],',
    '    messages=[{"role": "user", "content": "Say hello"}],',
    ")",
    "print(answer.choices[0].message.content)",
  );

const langchain: Snippet = ({ origin, model }) =>
  lines(
    "from langchain_openai import ChatOpenAI",
    "",
    `chat = ChatOpenAI(model="${model}", base_url="${origin}/v1")`,
    'print(chat.invoke("Say hello").content)',
  );

// Codex speaks Responses only, and a built-in provider's address cannot be overridden by a table
// of its name: hence a provider of its own.
const codex: Snippet = ({ origin, model }) =>
  lines(
    "# ~/.codex/config.toml",
    `model = "${model}"`,
    'model_provider = "anc"',
    "",
    "[model_providers.anc]",
    'name = "ANC Relay"',
    `base_url = "${origin}/v1"`,
    'env_key = "ANC_API_KEY"',
    'wire_api = "responses"',
    "supports_websockets = false",
  );

const dotenv: Snippet = ({ origin, secret }) =>
  lines(`OPENAI_BASE_URL=${origin}/v1`, `OPENAI_API_KEY=${secret}`);

function curlBody(model: string, isStream: boolean): string {
  const body = { model, messages: [{ role: "user", content: "Say hello" }] };
  return JSON.stringify(isStream ? { ...body, stream: true } : body);
}

// Windows PowerShell strips quotes from what it hands to a program: the body goes through the pipe.
function curl(isStream: boolean): Record<Shell, Snippet> {
  const flags = isStream ? "-sSN" : "-sS";
  return {
    bash: ({ origin, secret, model }) =>
      lines(
        `curl ${flags} ${origin}/v1/chat/completions \\`,
        `  -H "Authorization: Bearer ${secret}" \\`,
        '  -H "Content-Type: application/json" \\',
        `  -d '${curlBody(model, isStream)}'`,
      ),
    powershell: ({ origin, secret, model }) =>
      lines(
        `'${curlBody(model, isStream)}' |`,
        `  curl.exe ${flags} ${origin}/v1/chat/completions \``,
        `    -H "Authorization: Bearer ${secret}" \``,
        '    -H "Content-Type: application/json" `',
        '    -d "@-"',
      ),
  };
}

export const snippets: Record<Client, Record<Shell, Snippet>> = {
  "claude-code": claudeCode,
  codex: sdk("ANC_API_KEY", codex),
  "openai-python": sdk("OPENAI_API_KEY", openaiPython),
  "openai-js": sdk("OPENAI_API_KEY", openaiJs),
  "anthropic-python": sdk("ANTHROPIC_API_KEY", anthropicPython),
  "anthropic-js": sdk("ANTHROPIC_API_KEY", anthropicJs),
  "gemini-python": sdk("GEMINI_API_KEY", geminiPython),
  "gemini-js": sdk("GEMINI_API_KEY", geminiJs),
  "gemini-cli": geminiCli,
  litellm: sdk("ANC_API_KEY", litellm),
  langchain: sdk("OPENAI_API_KEY", langchain),
  dotenv: { bash: dotenv, powershell: dotenv },
  curl: curl(false),
  "curl-stream": curl(true),
};
