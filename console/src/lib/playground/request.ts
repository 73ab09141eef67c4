import type { Ask, Effort, Message, Protocol } from "./types";

/** What of a Messages answer is for thinking, by how much is asked for; 1024 is the least. */
const thinkingBudget: Record<Exclude<Effort, "default">, number> = {
  low: 1_024,
  medium: 4_096,
  high: 16_384,
};
/** Messages must name a bound of output. */
const output_default = 4_096;

export const paths: Record<Protocol, string> = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  messages: "/v1/messages",
};

export type Body = Record<string, unknown>;

/** The body of a request in its protocol's form. What is not set is not sent. */
export function bodyOf(ask: Ask): Body {
  switch (ask.protocol) {
    case "chat":
      return chatBody(ask);
    case "responses":
      return responsesBody(ask);
    case "messages":
      return messagesBody(ask);
  }
}

export function headersOf(protocol: Protocol, secret: string): Record<string, string> {
  const json = { "content-type": "application/json" };
  return protocol === "messages"
    ? { ...json, "x-api-key": secret, "anthropic-version": "2023-06-01" }
    : { ...json, authorization: `Bearer ${secret}` };
}

const given = (body: Body): Body =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null && value !== ""));

function chatBody({ model, messages, parameters }: Ask): Body {
  const { system, temperature, topP, maxOutput, effort, isStreamed } = parameters;
  // OpenAI's thinking models refuse the older name, and other servers do not know the newer one.
  const bound = /^(o\d|gpt-5)/.test(model) ? "max_completion_tokens" : "max_tokens";
  const first = system === "" ? [] : [{ role: "system", content: system }];
  return given({
    model,
    messages: [...first, ...messages.map(chatMessage)],
    temperature,
    top_p: topP,
    [bound]: maxOutput,
    reasoning_effort: effort === "default" ? null : effort,
    stream: isStreamed ? true : null,
  });
}

function chatMessage({ role, text, images }: Message): Body {
  if (images.length === 0) return { role, content: text };
  const pictures = images.map((url) => ({ type: "image_url", image_url: { url } }));
  return { role, content: [...pictures, ...(text === "" ? [] : [{ type: "text", text }])] };
}

function responsesBody({ model, messages, parameters }: Ask): Body {
  const { system, temperature, topP, maxOutput, effort, isStreamed } = parameters;
  return given({
    model,
    instructions: system,
    input: messages.map(responsesItem),
    temperature,
    top_p: topP,
    max_output_tokens: maxOutput,
    reasoning: effort === "default" ? null : { effort, summary: "auto" },
    // The conversation is the page's own: nothing of it is to stay with the provider.
    store: false,
    stream: isStreamed ? true : null,
  });
}

function responsesItem({ role, text, images }: Message): Body {
  const type = role === "user" ? "input_text" : "output_text";
  const pictures = images.map((image_url) => ({ type: "input_image", image_url }));
  return { role, content: [...pictures, ...(text === "" ? [] : [{ type, text }])] };
}

function messagesBody({ model, messages, parameters }: Ask): Body {
  const { system, temperature, topP, maxOutput, effort, isStreamed } = parameters;
  const answer = maxOutput ?? output_default;
  const thinks = effort !== "default";
  const budget = thinks ? thinkingBudget[effort] : 0;
  return given({
    model,
    system,
    messages: messages.map(anthropicMessage),
    // The bound covers the thinking too; who sets one means the answer.
    max_tokens: answer + budget,
    thinking: thinks ? { type: "enabled", budget_tokens: budget } : null,
    // A model that thinks takes no other temperature than its own.
    temperature: thinks ? null : temperature,
    top_p: thinks ? null : topP,
    stream: isStreamed ? true : null,
  });
}

function anthropicMessage({ role, text, images }: Message): Body {
  if (images.length === 0) return { role, content: text };
  const pictures = images.map((url) => {
    const [head = "", data = ""] = url.split(",", 2);
    const media_type = head.slice("data:".length).replace(";base64", "");
    return { type: "image", source: { type: "base64", media_type, data } };
  });
  return { role, content: [...pictures, ...(text === "" ? [] : [{ type: "text", text }])] };
}
