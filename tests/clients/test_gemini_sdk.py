"""What only the google-genai package does."""

from answers import INPUT, OPAQUE, OUTPUT, Gemini
from gemini_sdk import client_of
from google.genai import errors, types
from relay_test import TOKEN, RelayTest

MODEL = "gemini-test"
QUESTION = "What is the weather in Paris?"


class GoogleTest(RelayTest):
    def setUp(self):
        super().setUp()
        self.client = client_of(self.world, self.secret)
        self.models = self.client.models

    def test_a_plain_answer(self):
        self.world.script({"json": Gemini.whole("Grüße")})
        answer = self.models.generate_content(model=MODEL, contents=QUESTION)
        self.assertEqual(answer.text, "Grüße")
        usage = answer.usage_metadata
        [charge] = self.charges(1)
        self.assert_exact(charge, (usage.prompt_token_count, usage.candidates_token_count))

    def test_a_tool_loop_that_the_package_runs_itself(self):
        self.world.script(
            {"frames": Gemini.tool_call("weather", {"city": "Paris"})},
            {"frames": Gemini.text("It ", "rains.")},
        )
        asked = []

        def weather(city: str) -> str:
            """The weather."""
            asked.append(city)
            return "rain"

        config = types.GenerateContentConfig(tools=[weather])
        chat = self.client.chats.create(model=MODEL, config=config)
        chunks = chat.send_message_stream(QUESTION)
        text = "".join(part.text or "" for chunk in chunks for part in _parts(chunk))
        self.assertEqual((asked, text), (["Paris"], "It rains."))
        _, second = self.world.requests()
        self.assertIn("functionResponse", second["body"])
        self.assertIn(OPAQUE, second["body"])
        for charge in self.charges(2):
            self.assert_exact(charge, (INPUT, OUTPUT))

    def test_counting_is_free(self):
        for model in (MODEL, "sim-gemini"):
            count = self.models.count_tokens(model=model, contents=QUESTION)
            self.assertGreater(count.total_tokens, 0)
        self.assertEqual(self.world.charges(TOKEN), [])
        self.assert_used(0)

    def test_every_version_lists_finds_and_answers(self):
        for version in ("v1", "v1beta", "v1alpha"):
            with self.subTest(version):
                client = client_of(self.world, self.secret, api_version=version)
                names = {model.name for model in client.models.list()}
                self.assertLessEqual({"models/gemini-test", "models/sim-gemini"}, names)
                self.assertEqual(client.models.get(model=MODEL).name, "models/gemini-test")
                answer = client.models.generate_content(model="sim-gemini", contents=QUESTION)
                self.assertIn("Simulated provider", answer.text)

    def test_refusals_are_the_exceptions_of_the_package(self):
        stranger = client_of(self.world, "sk-nobody")
        for client, model, status in (
            (stranger, MODEL, "UNAUTHENTICATED"),
            (self.client, "no-such-model", "NOT_FOUND"),
        ):
            with self.subTest(status), self.assertRaises(errors.ClientError) as refused:
                client.models.generate_content(model=model, contents=QUESTION)
            self.assertEqual(refused.exception.status, status)
        self.assertEqual(self.world.charges(TOKEN), [])

    def test_a_refusal_of_the_request_itself_keeps_the_words_of_the_provider(self):
        error = {"code": 400, "message": "Too hot.", "status": "INVALID_ARGUMENT"}
        self.world.script({"status": 400, "json": {"error": error}})
        with self.assertRaises(errors.ClientError) as refused:
            self.models.generate_content(model=MODEL, contents=QUESTION)
        self.assertEqual(refused.exception.message, "Too hot.")
        self.assertEqual(self.world.charges(TOKEN), [])


class ExhaustedGoogle(RelayTest):
    quota = "0.000001"

    def test_the_words_of_the_relay_are_raised(self):
        self.world.script()
        client = client_of(self.world, self.secret)
        with self.assertRaises(errors.ClientError) as refused:
            client.models.generate_content(model=MODEL, contents=QUESTION)
        self.assertEqual(refused.exception.status, "RESOURCE_EXHAUSTED")
        self.assertIn("quota of $0.000001", refused.exception.message)
        self.assertEqual(self.world.requests(), [])
        self.assert_used(0)


def _parts(chunk):
    return chunk.candidates[0].content.parts
