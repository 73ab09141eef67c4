"""What only the openai package does."""

import json

import openai
from answers import INPUT, OUTPUT, Chat, Responses
from openai_sdk import client_of
from relay_test import TOKEN, RelayTest

QUESTION = [{"role": "user", "content": "What is the weather in Paris?"}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = {"name": "weather", "description": "The weather.", "parameters": PARAMETERS}


class OpenAITest(RelayTest):
    def setUp(self):
        super().setUp()
        self.client = client_of(self.world, self.secret)

    def chat(self, messages, **more):
        return self.client.chat.completions.create(model="gpt-test", messages=messages, **more)

    def test_a_plain_chat_answer(self):
        self.world.script({"json": Chat.whole("Grüße")})
        answer = self.chat(QUESTION)
        self.assertEqual(answer.choices[0].message.content, "Grüße")
        [charge] = self.charges(1)
        self.assert_exact(charge, (answer.usage.prompt_tokens, answer.usage.completion_tokens))
        self.assertEqual(answer._request_id, charge["request_id"])

    def test_a_plain_response(self):
        self.world.script({"json": Responses.whole("Grüße")})
        answer = self.client.responses.create(model="gpt-test", input="hello")
        self.assertEqual(answer.output_text, "Grüße")
        [charge] = self.charges(1)
        self.assert_exact(charge, (answer.usage.input_tokens, answer.usage.output_tokens))
        self.assertEqual(answer._request_id, charge["request_id"])

    def test_a_tool_loop_of_chat(self):
        self.world.script(
            {"frames": Chat.tool_call("weather", {"city": "Paris"})},
            {"frames": Chat.text("It ", "rains.")},
        )
        tools = [{"type": "function", "function": WEATHER}]
        with self.client.chat.completions.stream(
            model="gpt-test", messages=QUESTION, tools=tools
        ) as stream:
            asked = stream.get_final_completion().choices[0]
        self.assertEqual(asked.finish_reason, "tool_calls")
        [call] = asked.message.tool_calls
        self.assertEqual(json.loads(call.function.arguments), {"city": "Paris"})
        told = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
        with self.client.chat.completions.stream(
            model="gpt-test",
            messages=[*QUESTION, asked.message.model_dump(exclude_none=True), told],
            tools=tools,
        ) as stream:
            answer = stream.get_final_completion().choices[0]
        self.assertEqual(answer.message.content, "It rains.")
        for charge in self.charges(2):
            self.assert_exact(charge, (INPUT, OUTPUT))

    def test_a_tool_loop_of_responses(self):
        self.world.script(
            {"frames": Responses.tool_call("weather", {"city": "Paris"})},
            {"frames": Responses.text("It ", "rains.")},
        )
        tools = [{"type": "function", "strict": False, **WEATHER}]
        with self.client.responses.stream(model="gpt-test", input=QUESTION, tools=tools) as stream:
            _, call = stream.get_final_response().output
        self.assertEqual(json.loads(call.arguments), {"city": "Paris"})
        asked = {"type": "function_call", "call_id": call.call_id, "name": call.name}
        told = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
        with self.client.responses.stream(
            model="gpt-test",
            input=[*QUESTION, {**asked, "arguments": call.arguments}, told],
            tools=tools,
        ) as stream:
            answer = stream.get_final_response()
        self.assertEqual(answer.output_text, "It rains.")
        for charge in self.charges(2):
            self.assert_exact(charge, (INPUT, OUTPUT))

    def test_usage_that_was_not_asked_for_is_charged_but_not_shown(self):
        self.world.script({"frames": Chat.text("hello")})
        chunks = list(self.chat(QUESTION, stream=True))
        self.assertTrue(all(chunk.usage is None and chunk.choices for chunk in chunks))
        [charge] = self.charges(1)
        self.assert_exact(charge, (INPUT, OUTPUT))

    def test_models_are_listed_and_found(self):
        names = [model.id for model in self.client.models.list()]
        self.assertLessEqual({"gpt-test", "sim-gpt"}, set(names))
        self.assertEqual(self.client.models.retrieve("gpt-test").id, "gpt-test")

    def test_refusals_are_the_exceptions_of_the_package(self):
        stranger = client_of(self.world, "sk-nobody")
        with self.assertRaises(openai.AuthenticationError):
            stranger.models.list()
        with self.assertRaises(openai.NotFoundError) as unknown:
            self.client.responses.create(model="no-such-model", input="hello")
        self.assertEqual(unknown.exception.code, "model_not_found")
        self.assertEqual(self.world.charges(TOKEN), [])

    def test_a_refusal_of_the_request_itself_keeps_the_words_of_the_provider(self):
        error = {"message": "Too hot.", "type": "invalid_request_error", "param": "temperature"}
        self.world.script({"status": 400, "json": {"error": {**error, "code": None}}})
        with self.assertRaises(openai.BadRequestError) as refused:
            self.chat(QUESTION, temperature=3)
        self.assertIn("Too hot.", str(refused.exception))
        self.assertEqual(refused.exception.param, "temperature")
        self.assertEqual(self.world.charges(TOKEN), [])


class ExhaustedOpenAI(RelayTest):
    quota = "0.000001"

    def test_one_request_is_made_and_the_words_of_the_relay_are_raised(self):
        self.world.script()
        client = client_of(self.world, self.secret)
        calls = {
            "chat": lambda: client.chat.completions.create(model="gpt-test", messages=QUESTION),
            "responses": lambda: client.responses.create(model="gpt-test", input="hello"),
        }
        for number, (name, call) in enumerate(calls.items(), start=1):
            with self.subTest(name), self.assertRaises(openai.RateLimitError) as refused:
                call()
            self.assertEqual(refused.exception.code, "insufficient_quota")
            self.assertIn("quota of $0.000001", str(refused.exception))
            self.assertEqual(self.world.answered("token_quota_exhausted"), number)
        self.assertEqual(self.world.requests(), [])
        self.assert_used(0)
