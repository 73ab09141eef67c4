import { describe, expect, it } from "vitest";

import { readEvent, readRefusal, readWhole } from "./answer";
import { SseSplitter } from "./sse";
import type { Delta, Protocol } from "./types";

function read(protocol: Protocol, lines: unknown[]): Delta {
  const splitter = new SseSplitter();
  const text = lines.map((line) => `data: ${JSON.stringify(line)}\n\n`).join("");
  const sum: Record<string, string> = {};
  for (const event of splitter.push(`${text}data: [DONE]\n\n`)) {
    for (const [key, part] of Object.entries(readEvent(protocol, event))) {
      sum[key] = (sum[key] ?? "") + String(part);
    }
  }
  return sum;
}

describe("an answer is put together from its stream", () => {
  it("of Chat Completions", () => {
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      choices: [{ index: 0, delta, finish_reason }],
    });
    expect(
      read("chat", [
        chunk({ role: "assistant", content: "" }),
        chunk({ reasoning_content: "hm" }),
        chunk({ content: "He" }),
        chunk({ content: "llo" }),
        chunk({}, "stop"),
        { choices: [], usage: { prompt_tokens: 1 } },
      ]),
    ).toEqual({ reasoning: "hm", text: "Hello", end: "stop" });
  });

  it("of Responses", () => {
    expect(
      read("responses", [
        { type: "response.created", response: { status: "in_progress" } },
        { type: "response.reasoning_summary_text.delta", delta: "hm" },
        { type: "response.output_text.delta", delta: "Hello" },
        { type: "response.output_text.done", text: "Hello" },
        { type: "response.completed", response: { status: "completed", output: [] } },
      ]),
    ).toEqual({ reasoning: "hm", text: "Hello", end: "completed" });
  });

  it("of Messages", () => {
    expect(
      read("messages", [
        { type: "message_start", message: { content: [] } },
        { type: "content_block_delta", delta: { type: "thinking_delta", thinking: "hm" } },
        { type: "content_block_delta", delta: { type: "text_delta", text: "Hello" } },
        { type: "ping" },
        { type: "message_delta", delta: { stop_reason: "end_turn" } },
        { type: "message_stop" },
      ]),
    ).toEqual({ reasoning: "hm", text: "Hello", end: "end_turn" });
  });

  it("and an error within it is told", () => {
    const error = { message: "The quota is used up.", code: "insufficient_quota" };
    const told = { error: "The quota is used up." };
    expect(read("chat", [{ error }])).toEqual(told);
    expect(read("responses", [{ type: "error", ...error }])).toEqual(told);
    expect(read("messages", [{ type: "error", error }])).toEqual(told);
    const failed = { type: "response.failed", response: { status: "failed", error } };
    expect(read("responses", [failed])).toEqual({ ...told, end: "failed" });
  });

  it("and what is no JSON, or unknown, adds nothing", () => {
    for (const protocol of ["chat", "responses", "messages"] as const) {
      for (const data of ["[DONE]", "", "null", "7", "[]", '{"type":"new.event"}', "{"]) {
        expect(readEvent(protocol, { event: null, data }), data).toEqual({});
      }
    }
  });
});

describe("a whole answer is read", () => {
  it("of Chat Completions", () => {
    const message = { role: "assistant", content: "Hello", reasoning: "hm" };
    const body = { choices: [{ message, finish_reason: "stop" }] };
    expect(readWhole("chat", JSON.stringify(body))).toEqual({
      text: "Hello",
      reasoning: "hm",
      end: "stop",
    });
  });

  it("of Responses", () => {
    const output = [
      { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] },
      { type: "message", content: [{ type: "output_text", text: "Hello" }] },
    ];
    const incomplete_details = { reason: "max_output_tokens" };
    const body = { status: "incomplete", incomplete_details, output };
    expect(readWhole("responses", JSON.stringify(body))).toEqual({
      text: "Hello",
      reasoning: "hm",
      end: "max_output_tokens",
    });
  });

  it("of Messages", () => {
    const content = [
      { type: "thinking", thinking: "hm" },
      { type: "text", text: "Hello" },
    ];
    const body = { content, stop_reason: "end_turn" };
    expect(readWhole("messages", JSON.stringify(body))).toEqual({
      text: "Hello",
      reasoning: "hm",
      end: "end_turn",
    });
  });
});

it("a refusal is read from each protocol's envelope", () => {
  const openai = { error: { message: "No.", type: "x", code: "y", relay_code: "z" } };
  expect(readRefusal(JSON.stringify(openai))).toEqual({ code: "z", message: "No." });
  const anthropic = { type: "error", error: { type: "billing_error", message: "No." } };
  expect(readRefusal(JSON.stringify(anthropic))).toEqual({ code: "billing_error", message: "No." });
  expect(readRefusal("<html>")).toBeNull();
});
