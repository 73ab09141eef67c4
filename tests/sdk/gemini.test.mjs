import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ApiError, GoogleGenAI } from "@google/genai";

import { nanos, priceOf, startWorld } from "./relay.mjs";

const contents = "Say hello";
const providers = [
  { model: "gemini-model", prices: [3, 15] },
  { model: "sim-gemini", prices: [1, 4] },
];

let world;
before(async () => (world = await startWorld()));
after(() => world.stop());

function clientOf(apiKey) {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: world.origin } });
}

for (const { model, prices } of providers) {
  test(`gemini: a plain answer of ${model} is charged to the nano-dollar`, async () => {
    const name = `plain-${model}`;
    const client = clientOf(world.createToken(name, "--quota", "1"));
    const answer = await client.models.generateContent({ model, contents });
    assert.ok(answer.text.length > 0);
    const { promptTokenCount, candidatesTokenCount } = answer.usageMetadata;
    const expected = priceOf(promptTokenCount, candidatesTokenCount, prices);
    assert.equal(nanos(world.token(name).used_quota), expected);
  });

  test(`gemini: a streamed answer of ${model} is charged to the nano-dollar`, async () => {
    const name = `stream-${model}`;
    const client = clientOf(world.createToken(name, "--quota", "1"));
    const stream = await client.models.generateContentStream({ model, contents });
    let text = "";
    let usage;
    for await (const chunk of stream) {
      text += chunk.text ?? "";
      usage = chunk.usageMetadata ?? usage;
    }
    assert.ok(text.length > 0);
    const expected = priceOf(usage.promptTokenCount, usage.candidatesTokenCount, prices);
    assert.equal(nanos(world.token(name).used_quota), expected);
  });

  test(`gemini: counting for ${model} is answered and free`, async () => {
    const name = `count-${model}`;
    const client = clientOf(world.createToken(name));
    const count = await client.models.countTokens({ model, contents });
    assert.ok(count.totalTokens > 0);
    assert.equal(nanos(world.token(name).used_quota), 0n);
  });
}

test("gemini: contents become vectors", async () => {
  const client = clientOf(world.createToken("vectors"));
  const answer = await client.models.embedContent({
    model: "sim-embedding",
    contents: ["one", "two"],
  });
  assert.equal(answer.embeddings.length, 2);
  assert.ok(nanos(world.token("vectors").used_quota) > 0n);
});

test("gemini: models are listed and found", async () => {
  const client = clientOf(world.createToken("lister", "--models", "gemini-*,sim-gemini"));
  const names = [];
  for await (const model of await client.models.list({ config: { pageSize: 5 } })) {
    names.push(model.name);
  }
  assert.ok(names.includes("models/gemini-model") && names.includes("models/sim-gemini"));
  const one = await client.models.get({ model: "sim-gemini" });
  assert.equal(one.name, "models/sim-gemini");
});

test("gemini: refusals arrive as the SDK's own errors", async () => {
  const call = (secret, model = "gemini-model") =>
    clientOf(secret).models.generateContent({ model, contents });
  const refusedWith = (status, word) => (error) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.status, status);
    assert.match(error.message, word);
    return true;
  };
  await assert.rejects(call("sk-anc-nothing"), refusedWith(401, /UNAUTHENTICATED/));
  const secret = world.createToken("refused");
  await assert.rejects(call(secret, "no-such-model"), refusedWith(404, /NOT_FOUND/));
  const poor = world.createToken("poor", "--quota", "0.000001");
  await assert.rejects(call(poor), refusedWith(429, /RESOURCE_EXHAUSTED/));
});

test("the books hold after all of this", () => {
  assert.match(world.verify(), /The books hold\./);
});
