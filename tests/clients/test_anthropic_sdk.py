"""What only the anthropic package does."""

import anthropic
from answers import INPUT, OPAQUE, OUTPUT, Messages
from anthropic_sdk import client_of
from relay_test import TOKEN, RelayTest

QUESTION = [{"role": "user", "content": "What is the weather in Paris?"}]
WEATHER = {
    "name": "weather",
    "description": "The weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


class AnthropicTest(RelayTest):
    def setUp(self):
        super().setUp()
        self.client = client_of(self.world, self.secret)
        self.request = {"model": "claude-test", "max_tokens": 1000, "messages": QUESTION}

    def test_a_plain_answer(self):
        self.world.script({"json": Messages.whole("Grüße")})
        answer = self.client.messages.create(**self.request)
        self.assertEqual(answer.content[0].text, "Grüße")
        [charge] = self.charges(1)
        self.assert_exact(charge, (answer.usage.input_tokens, answer.usage.output_tokens))
        self.assertEqual(answer._request_id, charge["request_id"])

    def test_a_tool_loop(self):
        self.world.script(
            {"frames": Messages.tool_call("weather", {"city": "Paris"})},
            {"frames": Messages.text("It ", "rains.")},
        )
        with self.client.messages.stream(**self.request, tools=[WEATHER]) as stream:
            asked = stream.get_final_message()
        self.assertEqual(asked.stop_reason, "tool_use")
        _, call = asked.content
        self.assertEqual(call.input, {"city": "Paris"})
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain"}
        self.request["messages"] = [
            *QUESTION,
            {"role": "assistant", "content": asked.content},
            {"role": "user", "content": [result]},
        ]
        with self.client.messages.stream(**self.request, tools=[WEATHER]) as stream:
            self.assertEqual("".join(stream.text_stream), "It rains.")
        _, second = self.world.requests()
        self.assertIn(OPAQUE, second["body"])
        for charge in self.charges(2):
            self.assert_exact(charge, (INPUT, OUTPUT))

    def test_counting_is_free(self):
        for model in ("claude-test", "sim-claude"):
            count = self.client.messages.count_tokens(model=model, messages=QUESTION)
            self.assertGreater(count.input_tokens, 0)
        self.assertEqual(self.world.charges(TOKEN), [])
        self.assert_used(0)

    def test_models_are_listed_and_found(self):
        names = {model.id for model in self.client.models.list()}
        self.assertLessEqual({"claude-test", "sim-claude"}, names)
        self.assertEqual(self.client.models.retrieve("claude-test").id, "claude-test")

    def test_refusals_are_the_exceptions_of_the_package(self):
        stranger = client_of(self.world, "sk-nobody")
        with self.assertRaises(anthropic.AuthenticationError):
            stranger.messages.create(**self.request)
        with self.assertRaises(anthropic.NotFoundError):
            self.client.messages.create(**{**self.request, "model": "no-such-model"})
        self.assertEqual(self.world.charges(TOKEN), [])

    def test_a_refusal_of_the_request_itself_keeps_the_words_of_the_provider(self):
        error = {"type": "invalid_request_error", "message": "Too hot."}
        self.world.script({"status": 400, "json": {"type": "error", "error": error}})
        with self.assertRaises(anthropic.BadRequestError) as refused:
            self.client.messages.create(**self.request, extra_body={"temperature": 3})
        self.assertIn("Too hot.", str(refused.exception))
        self.assertEqual(self.world.charges(TOKEN), [])


class ExhaustedAnthropic(RelayTest):
    quota = "0.000001"

    def test_one_request_is_made_and_the_words_of_the_relay_are_raised(self):
        self.world.script()
        client = client_of(self.world, self.secret)
        with self.assertRaises(anthropic.APIStatusError) as refused:
            client.messages.create(model="claude-test", max_tokens=10, messages=QUESTION)
        self.assertEqual(refused.exception.status_code, 402)
        self.assertIn("quota of $0.000001", str(refused.exception))
        self.assertEqual(self.world.answered("token_quota_exhausted"), 1)
        self.assertEqual(self.world.requests(), [])
        self.assert_used(0)
