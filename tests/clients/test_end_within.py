"""Streams that the relay ends itself, because the token may not go on."""

import threading

import cases
from anthropic_sdk import AnthropicMessages
from claude_code import ClaudeCode
from codex import Codex
from gemini_cli import GeminiCli
from gemini_sdk import GoogleGenai
from openai_sdk import OpenAIChat, OpenAIResponses
from programs import wait_until_answering
from relay_test import TOKEN, RelayTest
from world import nanos

SDKS = [OpenAIChat, OpenAIResponses, AnthropicMessages, GoogleGenai]
LONG = ["word " * 50] * 40
"""More than any of these quotas pays for."""


class QuotaEndsWithin(RelayTest):
    quota = "0.012"

    def run_out(self, client):
        self.world.script({"frames": client.protocol.text(*LONG), "every_ms": 5})
        seen = client.ask(self.world, self.secret)
        self.assert_cancelled()
        [charge] = self.charges(1)
        self.assert_counted(charge, "quota_exhausted")
        self.assertLessEqual(self.world.used(TOKEN), nanos(self.quota))
        return seen


class QuotaOfSdkEndsWithin(QuotaEndsWithin):
    """Its tests are made below, one for each SDK."""

    def shows_what_was_paid_for_and_an_error(self, client):
        seen = self.run_out(client)
        self.assertTrue(seen.text.startswith("word word"))
        self.assertNotEqual(seen.error, "")


class QuotaOfClaudeCodeEndsWithin(QuotaEndsWithin):
    quota = "0.085"

    def test_it_shows_the_words_of_the_relay(self):
        seen = self.run_out(ClaudeCode)
        self.assertIn("402 This API token has used", seen.error)


class QuotaOfCodexEndsWithin(QuotaEndsWithin):
    quota = "0.05"

    def test_it_stops(self):
        seen = self.run_out(Codex)
        self.assertIn("Quota exceeded", seen.error)


class QuotaOfGeminiCliEndsWithin(QuotaEndsWithin):
    quota = "0.045"

    def test_it_shows_the_words_of_the_relay(self):
        seen = self.run_out(GeminiCli)
        self.assertIn("This API token has used", seen.error)


class DisabledWithin(RelayTest):
    """Its tests are made below, one for each SDK."""

    def shows_what_it_had_and_why_there_is_no_more(self, client):
        self.world.script({"frames": cases.begun(client.protocol), "stall_at_end": True})
        disabling = threading.Thread(target=self._disable_once_it_runs)
        disabling.start()
        seen = client.ask(self.world, self.secret)
        disabling.join()
        self.assertEqual(seen.text, cases.GREETING[0])
        self.assertIn("This API token is disabled.", seen.error)
        [charge] = self.charges(1)
        self.assert_counted(charge, "revoked")
        self.assert_cancelled()

    def _disable_once_it_runs(self):
        wait_until_answering(self.world)
        self.world.run("token", "disable", TOKEN)


def _add(suite, check, client):
    setattr(suite, f"test_{client.name}_{check.__name__}", lambda self: check(self, client))


for _client in SDKS:
    _add(QuotaOfSdkEndsWithin, QuotaOfSdkEndsWithin.shows_what_was_paid_for_and_an_error, _client)
    _add(DisabledWithin, DisabledWithin.shows_what_it_had_and_why_there_is_no_more, _client)
