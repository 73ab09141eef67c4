import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";

import { nanos, priceOf, startWorld } from "./relay.mjs";

const question = [{ role: "user", content: "Say hello" }];
const providers = [
  { model: "messages-model", prices: [3, 15] },
  { model: "sim-claude", prices: [1, 4] },
];

let world;
before(async () => (world = await startWorld()));
after(() => world.stop());

function clientOf(secret) {
  return new Anthropic({ baseURL: world.origin, apiKey: secret, maxRetries: 0 });
}

for (const { model, prices } of providers) {
  test(`anthropic: a plain answer of ${model} is charged to the nano-dollar`, async () => {
    const name = `plain-${model}`;
    const client = clientOf(world.createToken(name, "--quota", "1"));
    const answer = await client.messages.create({ model, messages: question, max_tokens: 64 });
    assert.ok(answer.content[0].text.length > 0);
    const { input_tokens, output_tokens } = answer.usage;
    const shown = world.token(name);
    assert.equal(nanos(shown.used_quota), priceOf(input_tokens, output_tokens, prices));
    assert.equal(nanos(shown.remaining_quota), 1_000_000_000n - nanos(shown.used_quota));
  });

  test(`anthropic: a streamed answer of ${model} is charged to the nano-dollar`, async () => {
    const name = `stream-${model}`;
    const client = clientOf(world.createToken(name, "--quota", "1"));
    const stream = client.messages.stream({ model, messages: question, max_tokens: 64 });
    let text = "";
    stream.on("text", (piece) => (text += piece));
    const message = await stream.finalMessage();
    assert.equal(text, message.content[0].text);
    const { input_tokens, output_tokens } = message.usage;
    const expected = priceOf(input_tokens, output_tokens, prices);
    assert.equal(nanos(world.token(name).used_quota), expected);
  });

  test(`anthropic: counting for ${model} is answered and free`, async () => {
    const name = `count-${model}`;
    const client = clientOf(world.createToken(name));
    const count = await client.messages.countTokens({ model, messages: question });
    assert.ok(count.input_tokens > 0);
    assert.equal(nanos(world.token(name).used_quota), 0n);
  });
}

test("anthropic: models are listed", async () => {
  const listed = await clientOf(world.createToken("lister", "--models", "messages-*")).models.list();
  assert.deepEqual(listed.data.map((model) => model.id), ["messages-model"]);
});

test("anthropic: refusals arrive as the SDK's own errors", async () => {
  const call = (secret, model = "messages-model") =>
    clientOf(secret).messages.create({ model, messages: question, max_tokens: 64 });
  await assert.rejects(call("sk-anc-nothing"), Anthropic.AuthenticationError);
  const secret = world.createToken("refused");
  await assert.rejects(call(secret, "no-such-model"), Anthropic.NotFoundError);
  const poor = world.createToken("poor", "--quota", "0.000001");
  await assert.rejects(call(poor), (error) => {
    assert.equal(error.status, 402);
    assert.equal(error.error.error.type, "billing_error");
    assert.ok(error.requestID);
    return true;
  });
  world.disable("refused");
  await assert.rejects(call(secret), Anthropic.AuthenticationError);
});

test("the books hold after all of this", () => {
  assert.match(world.verify(), /The books hold\./);
});
