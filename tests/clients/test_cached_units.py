"""Units of caches and of thinking: the client shows them, and each has its own price."""

from answers import Gemini, Messages
from claude_code import ClaudeCode
from codex import Codex
from gemini_cli import GeminiCli
from relay_test import TOKEN, RelayTest

INPUT, OUTPUT, CACHED, WRITE_5M, WRITE_1H = 3, 15, 0.3, 3.75, 6
"""Dollars per million units."""


def nanos(*units_and_prices):
    return round(sum(units * dollars for units, dollars in units_and_prices) * 1000)


class CachedUnits(RelayTest):
    def price(self, model):
        flags = ["--input", INPUT, "--output", OUTPUT, "--cached-input", CACHED]
        writes = ["--cache-write", WRITE_5M, "--cache-write-1h", WRITE_1H]
        self.world.run("price", "set", model, *flags, *writes)

    def ask(self, client, usage):
        self.price(client.protocol.model)
        self.world.script({"frames": client.protocol.text("hello", usage=usage)})
        seen = client.ask(self.world, self.secret)
        self.assertEqual((seen.text, seen.error), ("hello", ""))
        [charge] = self.world.charges(TOKEN)
        self.assertFalse(charge["estimated"])
        return seen

    def test_claude_code_reads_a_cache_and_writes_two(self):
        seen = self.ask(
            ClaudeCode,
            {
                "input_tokens": 1000,
                "cache_read_input_tokens": 50_000,
                "cache_creation_input_tokens": 3000,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 1000,
                    "ephemeral_1h_input_tokens": 2000,
                },
                "output_tokens": 200,
            },
        )
        shown = seen.report[Messages.model]
        self.assertEqual(shown["cacheReadInputTokens"], 50_000)
        self.assertEqual(shown["cacheCreationInputTokens"], 3000)
        self.assert_used(
            nanos(
                (1000, INPUT), (50_000, CACHED), (1000, WRITE_5M), (2000, WRITE_1H), (200, OUTPUT)
            )
        )

    def test_codex_has_cached_input_within_input_and_thinking_within_output(self):
        seen = self.ask(
            Codex,
            {
                "input_tokens": 51_000,
                "input_tokens_details": {"cached_tokens": 50_000},
                "output_tokens": 200,
                "output_tokens_details": {"reasoning_tokens": 150},
                "total_tokens": 51_200,
            },
        )
        self.assertEqual(seen.report["cached_input_tokens"], 50_000)
        self.assertEqual(seen.report["reasoning_output_tokens"], 150)
        self.assert_used(nanos((1000, INPUT), (50_000, CACHED), (200, OUTPUT)))

    def test_gemini_cli_has_cached_input_within_input_and_thinking_beside_output(self):
        seen = self.ask(
            GeminiCli,
            {
                "promptTokenCount": 51_000,
                "cachedContentTokenCount": 50_000,
                "candidatesTokenCount": 200,
                "thoughtsTokenCount": 150,
                "totalTokenCount": 51_350,
            },
        )
        shown = seen.report[Gemini.model]["tokens"]
        self.assertEqual((shown["cached"], shown["thoughts"]), (50_000, 150))
        self.assert_used(nanos((1000, INPUT), (50_000, CACHED), (350, OUTPUT)))
