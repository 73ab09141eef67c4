"""What only Gemini CLI does."""

import json

from answers import INPUT, OPAQUE, OUTPUT, Gemini
from gemini_cli import GeminiCli
from relay_test import RelayTest

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
"""A PNG of one pixel."""


class GeminiCliTest(RelayTest):
    def test_a_file_is_read_and_its_words_come_back(self):
        call = Gemini.tool_call("read_file", {"file_path": "note.txt"})
        self.world.script({"frames": call}, {"frames": Gemini.text("It says ", "kumquat.")})
        note = ("note.txt", "the word is kumquat\n")
        seen = GeminiCli.ask(
            self.world, self.secret, prompt="What does note.txt say?", files=[note]
        )
        self.assertEqual((seen.text, seen.error), ("It says kumquat.", ""))
        self.assertEqual(seen.usage, (2 * INPUT, 2 * OUTPUT))
        first, second = self.world.requests()
        self.assertNotIn("kumquat", first["body"])
        self.assertIn("the word is kumquat", second["body"])
        self.assertIn(OPAQUE, second["body"])
        for charge in self.charges(2):
            self.assert_exact(charge, (INPUT, OUTPUT))

    def test_counting_a_picture_is_free(self):
        self.world.script({"frames": Gemini.text("One pixel."), "path": _path("stream")})
        picture = ("pixel.png", PICTURE)
        seen = GeminiCli.ask(self.world, self.secret, prompt="Describe @pixel.png", files=[picture])
        self.assertEqual((seen.text, seen.error), ("One pixel.", ""))
        self.assertGreater(len(self.world.requests(":countTokens")), 0)
        [charge] = self.charges(1)
        self.assert_exact(charge, (INPUT, OUTPUT))

    def test_the_token_stays_with_the_relay(self):
        self.world.script({"frames": Gemini.text("hello")})
        GeminiCli.ask(self.world, self.secret)
        [request] = self.world.requests()
        self.assertEqual(request["headers"]["x-goog-api-key"], "sk-upstream-key")
        self.assertNotIn(self.secret, json.dumps(request))


class ExhaustedGeminiCli(RelayTest):
    quota = "0.000001"

    def test_the_words_of_the_relay_reach_the_person_after_one_request(self):
        self.world.script()
        seen = GeminiCli.ask(self.world, self.secret)
        self.assertIn("This API token has used $0 of its quota of $0.000001", seen.error)
        self.assertEqual(self.world.answered("token_quota_exhausted"), 1)
        self.assertEqual(self.world.requests(), [])
        self.assert_used(0)


def _path(method):
    return f"/v1beta/models/{GeminiCli.protocol.model}:{method}"
