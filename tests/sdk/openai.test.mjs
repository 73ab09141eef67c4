import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import OpenAI from "openai";

import { nanos, priceOf, startWorld } from "./relay.mjs";

const question = [{ role: "user", content: "Say hello" }];
const providers = [
  { model: "chat-model", prices: [3, 15] },
  { model: "sim-gpt", prices: [1, 4] },
];

let world;
before(async () => (world = await startWorld()));
after(() => world.stop());

function clientOf(secret) {
  return new OpenAI({ baseURL: `${world.origin}/v1`, apiKey: secret, maxRetries: 0 });
}

for (const { model, prices } of providers) {
  test(`openai: a plain answer of ${model} is charged to the nano-dollar`, async () => {
    const name = `plain-${model}`;
    const client = clientOf(world.createToken(name, "--quota", "1"));
    const answer = await client.chat.completions.create({ model, messages: question, max_tokens: 64 });
    assert.ok(answer.choices[0].message.content.length > 0);
    const { prompt_tokens, completion_tokens } = answer.usage;
    const shown = world.token(name);
    assert.equal(nanos(shown.used_quota), priceOf(prompt_tokens, completion_tokens, prices));
    assert.equal(nanos(shown.remaining_quota), 1_000_000_000n - nanos(shown.used_quota));
  });

  test(`openai: a streamed answer of ${model} is charged to the nano-dollar`, async () => {
    const name = `stream-${model}`;
    const client = clientOf(world.createToken(name, "--quota", "1"));
    const stream = await client.chat.completions.create({
      model,
      messages: question,
      max_tokens: 64,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let usage;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.ok(text.length > 0);
    const expected = priceOf(usage.prompt_tokens, usage.completion_tokens, prices);
    assert.equal(nanos(world.token(name).used_quota), expected);
  });
}

test("openai: a stream without a wish for usage has none, and is charged all the same", async () => {
  const client = clientOf(world.createToken("quiet"));
  const stream = await client.chat.completions.create({
    model: "chat-model",
    messages: question,
    max_tokens: 64,
    stream: true,
  });
  for await (const chunk of stream) {
    assert.equal(chunk.usage ?? null, null);
    assert.equal(chunk.choices.length, 1);
  }
  assert.ok(nanos(world.token("quiet").used_quota) > 0n);
});

for (const { model, prices } of providers) {
  test(`openai: responses of ${model}, plain and streamed, are charged to the nano-dollar`, async () => {
    const name = `responses-${model}`;
    const client = clientOf(world.createToken(name, "--quota", "1"));
    const answer = await client.responses.create({ model, input: "Say hello" });
    assert.ok(answer.output_text.length > 0);
    const first = priceOf(answer.usage.input_tokens, answer.usage.output_tokens, prices);
    assert.equal(nanos(world.token(name).used_quota), first);
    const stream = await client.responses.create({ model, input: "Say hello", stream: true });
    let text = "";
    let usage;
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") text += event.delta;
      if (event.type === "response.completed") usage = event.response.usage;
    }
    assert.ok(text.length > 0);
    const second = priceOf(usage.input_tokens, usage.output_tokens, prices);
    assert.equal(nanos(world.token(name).used_quota), first + second);
  });

  test(`openai: completions of ${model} are charged to the nano-dollar`, async () => {
    const name = `completions-${model}`;
    const client = clientOf(world.createToken(name, "--quota", "1"));
    const answer = await client.completions.create({ model, prompt: "Say hello", max_tokens: 64 });
    assert.ok(answer.choices[0].text.length > 0);
    const { prompt_tokens, completion_tokens } = answer.usage;
    const expected = priceOf(prompt_tokens, completion_tokens, prices);
    assert.equal(nanos(world.token(name).used_quota), expected);
  });

  test(`openai: vectors of ${model} are charged to the nano-dollar`, async () => {
    const name = `embeddings-${model}`;
    const client = clientOf(world.createToken(name, "--quota", "1"));
    const answer = await client.embeddings.create({ model, input: ["one", "two"], encoding_format: "float" });
    assert.equal(answer.data.length, 2);
    const expected = priceOf(answer.usage.prompt_tokens, 0, prices);
    assert.equal(nanos(world.token(name).used_quota), expected);
  });
}

test("openai: one model is found by its name", async () => {
  const model = await clientOf(world.createToken("finder")).models.retrieve("chat-model");
  assert.equal(model.id, "chat-model");
});

test("openai: models are listed", async () => {
  const models = await clientOf(world.createToken("lister", "--models", "chat-*")).models.list();
  assert.deepEqual(models.data.map((model) => model.id), ["chat-model"]);
});

test("openai: refusals arrive as the SDK's own errors", async () => {
  const call = (secret, model = "chat-model") =>
    clientOf(secret).chat.completions.create({ model, messages: question, max_tokens: 64 });
  await assert.rejects(call("sk-anc-nothing"), OpenAI.AuthenticationError);
  const secret = world.createToken("refused");
  await assert.rejects(call(secret, "no-such-model"), OpenAI.NotFoundError);
  const poor = world.createToken("poor", "--quota", "0.000001");
  await assert.rejects(call(poor), (error) => {
    assert.ok(error instanceof OpenAI.RateLimitError);
    assert.equal(error.code, "insufficient_quota");
    assert.ok(error.requestID);
    return true;
  });
  world.disable("refused");
  await assert.rejects(call(secret), OpenAI.AuthenticationError);
});

test("the books hold after all of this", () => {
  assert.match(world.verify(), /The books hold\./);
});
