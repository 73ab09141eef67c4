import { describe, expect, it } from "vitest";

import { bodyOf, headersOf } from "./request";
import type { Ask, Protocol } from "./types";

const png = "data:image/png;base64,AAAA";
const ask = (protocol: Protocol, parameters: Partial<Ask["parameters"]> = {}): Ask => ({
  protocol,
  model: "m",
  messages: [
    { role: "user", text: "What is this?", images: [png] },
    { role: "assistant", text: "A picture.", images: [] },
    { role: "user", text: "Of what?", images: [] },
  ],
  parameters: {
    system: "",
    temperature: null,
    topP: null,
    maxOutput: null,
    effort: "default",
    isStreamed: true,
    ...parameters,
  },
});

describe("a request has its protocol's form", () => {
  it("in Chat Completions", () => {
    expect(bodyOf(ask("chat", { system: "Be brief.", temperature: 0 }))).toEqual({
      model: "m",
      messages: [
        { role: "system", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: png } },
            { type: "text", text: "What is this?" },
          ],
        },
        { role: "assistant", content: "A picture." },
        { role: "user", content: "Of what?" },
      ],
      temperature: 0,
      stream: true,
    });
  });

  it("in Responses, where nothing is stored", () => {
    expect(bodyOf(ask("responses", { maxOutput: 9, effort: "low", isStreamed: false }))).toEqual({
      model: "m",
      input: [
        {
          role: "user",
          content: [
            { type: "input_image", image_url: png },
            { type: "input_text", text: "What is this?" },
          ],
        },
        { role: "assistant", content: [{ type: "output_text", text: "A picture." }] },
        { role: "user", content: [{ type: "input_text", text: "Of what?" }] },
      ],
      max_output_tokens: 9,
      reasoning: { effort: "low", summary: "auto" },
      store: false,
    });
  });

  it("in Messages, whose bound covers the thinking", () => {
    const body = bodyOf(ask("messages", { maxOutput: 100, effort: "medium", temperature: 0.5 }));
    expect(body).toMatchObject({
      max_tokens: 4_196,
      thinking: { type: "enabled", budget_tokens: 4_096 },
    });
    expect(body).not.toHaveProperty("temperature");
    const source = { type: "base64", media_type: "image/png", data: "AAAA" };
    expect(body["messages"]).toContainEqual({
      role: "user",
      content: [
        { type: "image", source },
        { type: "text", text: "What is this?" },
      ],
    });
  });

  it("and the bound of output the name that the model's vendor takes", () => {
    const bound = (model: string) => bodyOf({ ...ask("chat", { maxOutput: 5 }), model });
    expect(bound("gpt-5-mini")).toHaveProperty("max_completion_tokens", 5);
    expect(bound("deepseek-chat")).toHaveProperty("max_tokens", 5);
  });
});

it("a secret travels in the header of its protocol", () => {
  expect(headersOf("messages", "s")).toHaveProperty("x-api-key", "s");
  expect(headersOf("chat", "s")).toHaveProperty("authorization", "Bearer s");
});
