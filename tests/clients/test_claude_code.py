"""What only Claude Code does."""

import json

from answers import INPUT, OPAQUE, OUTPUT, Messages
from claude_code import MODEL_SMALL, ClaudeCode
from relay_test import TOKEN, RelayTest


class ClaudeCodeTest(RelayTest):
    def test_a_file_is_read_and_its_words_come_back(self):
        call = Messages.tool_call("Read", {"file_path": "note.txt"})
        self.world.script({"frames": call}, {"frames": Messages.text("It says ", "kumquat.")})
        note = ("note.txt", "the word is kumquat\n")
        seen = ClaudeCode.ask(
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

    def test_counting_the_context_is_free(self):
        self.world.script()
        seen = ClaudeCode.ask(self.world, self.secret, prompt="/context")
        self.assertIn("Context Usage", seen.text)
        self.assertEqual(seen.error, "")
        asked = self.world.requests()
        counted = self.world.requests("/v1/messages/count_tokens")
        self.assertGreater(len(counted), 5)
        # Without an answer to its counts it would send a real request for each.
        self.assertEqual(asked, counted)
        self.assertEqual(self.world.charges(TOKEN), [])
        self.assert_used(0)

    def test_it_discovers_the_models_of_the_relay(self):
        self.world.script({"frames": Messages.text("hello"), "path": "/v1/messages"})
        program = ClaudeCode.start(
            self.world,
            self.secret,
            CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY="1",
            # It takes looking for models for traffic that is not essential.
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="",
        )
        program.finish()
        found = json.loads(program.read(".claude/cache/gateway-models.json"))
        models = {model["id"] for model in found["models"]}
        # It keeps the names that begin with claude or anthropic.
        self.assertEqual(models, {"claude-test", MODEL_SMALL})

    def test_a_key_in_x_api_key_does_as_well(self):
        self.world.script({"frames": Messages.text("hello")})
        key = {"ANTHROPIC_AUTH_TOKEN": "", "ANTHROPIC_API_KEY": self.secret}
        seen = ClaudeCode.ask(self.world, self.secret, **key)
        self.assertEqual((seen.text, seen.error), ("hello", ""))
        [charge] = self.charges(1)
        self.assert_exact(charge, (INPUT, OUTPUT))

    def test_what_it_sends_reaches_the_provider_unchanged(self):
        self.world.script({"frames": Messages.text("hello")})
        ClaudeCode.ask(self.world, self.secret)
        [request] = self.world.requests()
        self.assertEqual(request["path"], "/v1/messages?beta=true")
        self.assertIn("claude-code", request["headers"]["anthropic-beta"])
        body = json.loads(request["body"])
        for field in ("thinking", "context_management", "output_config", "metadata"):
            self.assertIn(field, body)
        self.assertNotIn(self.secret, json.dumps(request))


class ExhaustedClaudeCode(RelayTest):
    quota = "0.000001"

    def test_the_words_of_the_relay_reach_the_person_after_one_request(self):
        self.world.script()
        seen = ClaudeCode.ask(self.world, self.secret)
        self.assertIn("402 This API token has used $0 of its quota of $0.000001", seen.error)
        self.assertEqual(self.world.answered("token_quota_exhausted"), 1)
        self.assertEqual(self.world.requests(), [])
        self.assert_used(0)
