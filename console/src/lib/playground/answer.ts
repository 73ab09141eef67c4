import type { SseEvent } from "./sse";
import type { Delta, Protocol } from "./types";

type Json = Record<string, unknown>;

const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const objectIn = (from: Json, key: string): Json => (isJson(from[key]) ? from[key] : {});
const listIn = (from: Json, key: string): Json[] => {
  const value = from[key];
  return Array.isArray(value) ? value.filter(isJson) : [];
};
const textIn = (from: Json, ...names: string[]): string => {
  const found = names.map((key) => from[key]).find((value) => typeof value === "string");
  return typeof found === "string" ? found : "";
};

function parse(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : null;
  } catch {
    return null;
  }
}

/** Only what says something: an answer is put together from many of these. */
function delta(parts: Record<keyof Delta, string>): Delta {
  return Object.fromEntries(Object.entries(parts).filter(([, text]) => text !== ""));
}

const nothing = { text: "", reasoning: "", end: "", error: "" };

/** What an event of a stream adds to the answer. What is not known adds nothing. */
export function readEvent(protocol: Protocol, { data }: SseEvent): Delta {
  const event = parse(data);
  if (event === null) return {};
  switch (protocol) {
    case "chat":
      return readChat(event, "delta");
    case "responses":
      return readResponsesEvent(event);
    case "messages":
      return readMessagesEvent(event);
  }
}

/** What a whole answer says. */
export function readWhole(protocol: Protocol, body: string): Delta {
  const answer = parse(body);
  if (answer === null) return {};
  switch (protocol) {
    case "chat":
      return readChat(answer, "message");
    case "responses":
      return readResponse(answer);
    case "messages":
      return readMessage(answer);
  }
}

const messageOf = (error: Json) => textIn(error, "message", "code", "type");

function readChat(body: Json, part: "delta" | "message"): Delta {
  const [choice = {}] = listIn(body, "choices");
  const said = objectIn(choice, part);
  return delta({
    text: textIn(said, "content") + textIn(said, "refusal"),
    // What others than OpenAI call it.
    reasoning: textIn(said, "reasoning_content", "reasoning"),
    end: textIn(choice, "finish_reason"),
    error: messageOf(objectIn(body, "error")),
  });
}

function readResponsesEvent(event: Json): Delta {
  const text = textIn(event, "delta");
  switch (event["type"]) {
    case "response.output_text.delta":
    case "response.refusal.delta":
      return delta({ ...nothing, text });
    case "response.reasoning_summary_text.delta":
    case "response.reasoning_text.delta":
      return delta({ ...nothing, reasoning: text });
    case "response.completed":
    case "response.incomplete":
    case "response.failed": {
      const { end = "", error = "" } = readResponse(objectIn(event, "response"));
      return delta({ ...nothing, end, error });
    }
    case "error":
      return delta({ ...nothing, error: messageOf(event) });
    default:
      return {};
  }
}

function readResponse(response: Json): Delta {
  const items = listIn(response, "output");
  const contents = (type: string, key: string) =>
    items.filter((item) => item["type"] === type).flatMap((item) => listIn(item, key));
  const join = (parts: Json[]) => parts.map((part) => textIn(part, "text", "refusal")).join("");
  return delta({
    text: join(contents("message", "content")),
    reasoning: join([...contents("reasoning", "summary"), ...contents("reasoning", "content")]),
    end: textIn(objectIn(response, "incomplete_details"), "reason") || textIn(response, "status"),
    error: messageOf(objectIn(response, "error")),
  });
}

function readMessagesEvent(event: Json): Delta {
  switch (event["type"]) {
    case "content_block_delta": {
      const part = objectIn(event, "delta");
      return delta({ ...nothing, text: textIn(part, "text"), reasoning: textIn(part, "thinking") });
    }
    case "message_delta":
      return delta({ ...nothing, end: textIn(objectIn(event, "delta"), "stop_reason") });
    case "error":
      return delta({ ...nothing, error: messageOf(objectIn(event, "error")) });
    default:
      return {};
  }
}

function readMessage(message: Json): Delta {
  const blocks = listIn(message, "content");
  const join = (key: string) => blocks.map((block) => textIn(block, key)).join("");
  return delta({
    ...nothing,
    text: join("text"),
    reasoning: join("thinking"),
    end: textIn(message, "stop_reason"),
  });
}

/** What a refusal says, in whichever protocol's envelope: its code and its sentence. */
export function readRefusal(body: string): { code: string; message: string } | null {
  const error = objectIn(parse(body) ?? {}, "error");
  const message = textIn(error, "message");
  const code = textIn(error, "relay_code", "code", "type");
  return message === "" && code === "" ? null : { code, message };
}
