"""Every client on every row of cases.py: what it shows, and what the ledger says."""

import cases
from answers import INPUT, OUTPUT
from anthropic_sdk import AnthropicMessages
from claude_code import ClaudeCode
from codex import Codex
from gemini_cli import GeminiCli
from gemini_sdk import GoogleGenai
from openai_sdk import OpenAIChat, OpenAIResponses
from relay_test import RelayTest

PROGRAMS = [ClaudeCode, Codex, GeminiCli]
SDKS = [OpenAIChat, OpenAIResponses, AnthropicMessages, GoogleGenai]
GREETING = "".join(cases.GREETING)
SIMULATED_PRICES = (1, 4)
"""Dollars per million units of input and output."""


class EveryClient(RelayTest):
    """Its tests are made below, one for each client and row."""

    def shows_the_whole_answer(self, client, case):
        self.world.script(case(client.protocol))
        seen = client.ask(self.world, self.secret)
        self.assertEqual((seen.text, seen.error), (GREETING, ""))
        self.assertEqual(seen.usage, (INPUT, OUTPUT))
        [charge] = self.charges(1)
        self.assert_exact(charge, seen.usage)
        self.assertTrue(charge["stream"])

    def takes_no_broken_stream_for_an_answer(self, client, case):
        steps = [case(client.protocol)]
        if client.second_try == "whole":
            steps.append({"json": client.protocol.whole("The second try.")})
        elif client.second_try == "stream":
            steps.append({"frames": client.protocol.text("The second try.")})
        self.world.script(*steps)
        seen = client.ask(self.world, self.secret)
        self.assertEqual(len(self.world.requests()), len(steps))
        broken, *second = self.charges(len(steps))
        self.assert_counted(broken, "upstream_cut")
        if not second:
            self.assertEqual(seen.text, cases.GREETING[0])
            self.assertIn("provider broke off in the middle of its answer", seen.error)
            return
        # Gemini CLI prints what it had before, too.
        self.assertTrue(seen.text.endswith("The second try."), seen)
        self.assertEqual(seen.error, "")
        self.assert_exact(second[0], (INPUT, OUTPUT))

    def is_counted_for_where_usage_is_missing(self, client):
        self.world.script({"frames": client.protocol.text(*cases.GREETING, usage=None)})
        seen = client.ask(self.world, self.secret)
        self.assertEqual((seen.text, seen.error), (GREETING, ""))
        [charge] = self.charges(1)
        self.assert_counted(charge, "complete")

    def tries_again_after_a_refusal(self, client, status):
        protocol = client.protocol
        self.world.script(cases.refusal(protocol, status), cases.stream(protocol))
        seen = client.ask(self.world, self.secret)
        self.assertEqual((seen.text, seen.error), (GREETING, ""))
        self.assertEqual(len(self.world.requests()), 2)
        [charge] = self.charges(1)
        self.assert_exact(charge, (INPUT, OUTPUT))

    def notices_no_refusal_where_there_is_a_spare_channel(self, client):
        protocol = client.protocol
        self.world.add_spare_channels()
        self.world.script(cases.refusal(protocol, 503), cases.stream(protocol))
        seen = client.ask(self.world, self.secret)
        self.assertEqual((seen.text, seen.error), (GREETING, ""))
        self.assertEqual(self.world.answered("ok"), 1)
        [charge] = self.charges(1)
        self.assertEqual(charge["attempts"], 2)
        self.assert_exact(charge, (INPUT, OUTPUT))

    def pays_for_what_it_had_when_it_left(self, client):
        self.world.script({"frames": cases.begun(client.protocol), "stall_at_end": True})
        client.leave(self.world, self.secret)
        [charge] = self.charges(1)
        self.assert_counted(charge, "client_gone")
        self.assert_cancelled()

    def works_with_the_simulated_provider(self, client):
        seen = client.ask(self.world, self.secret, model=client.simulated)
        self.assertIn("Simulated provider", seen.text)
        self.assertEqual(seen.error, "")
        price = sum(
            units * dollars for units, dollars in zip(seen.usage, SIMULATED_PRICES, strict=True)
        )
        self.assert_used(price * 1000)
        self.assertEqual(self.world.requests(), [])


def _add(name, check, *arguments):
    def test(self):
        check(self, *arguments)

    test.__name__ = f"test_{name}"
    setattr(EveryClient, test.__name__, test)


for _client in PROGRAMS + SDKS:
    for _name, _case in cases.UNHARMED.items():
        _add(f"{_client.name}_{_name}", EveryClient.shows_the_whole_answer, _client, _case)
    for _name, _case in cases.BROKEN.items():
        _check = EveryClient.takes_no_broken_stream_for_an_answer
        _add(f"{_client.name}_{_name}", _check, _client, _case)
    for _name, _status in cases.REFUSED.items():
        _add(f"{_client.name}_{_name}", EveryClient.tries_again_after_a_refusal, _client, _status)
    for _check in (
        EveryClient.is_counted_for_where_usage_is_missing,
        EveryClient.notices_no_refusal_where_there_is_a_spare_channel,
        EveryClient.pays_for_what_it_had_when_it_left,
        EveryClient.works_with_the_simulated_provider,
    ):
        _add(f"{_client.name}_{_check.__name__}", _check, _client)
