"""What only Codex does."""

import json

from answers import INPUT, OPAQUE, OUTPUT, Responses
from codex import BUILT_IN, OVER_WEBSOCKET, Codex
from relay_test import RelayTest


class CodexTest(RelayTest):
    def test_a_command_is_run_and_its_output_comes_back(self):
        call = Responses.tool_call("exec_command", {"cmd": "echo kum'q'uat"})
        self.world.script({"frames": call}, {"frames": Responses.text("It says ", "kumquat.")})
        seen = Codex.ask(self.world, self.secret, prompt="What does the command say?")
        self.assertEqual((seen.text, seen.error), ("It says kumquat.", ""))
        self.assertEqual(seen.usage, (2 * INPUT, 2 * OUTPUT))
        first, second = self.world.requests()
        self.assertNotIn("kumquat", first["body"])
        outputs = [
            item["output"]
            for item in json.loads(second["body"])["input"]
            if item["type"] == "function_call_output"
        ]
        self.assertEqual(len(outputs), 1)
        self.assertIn("kumquat", str(outputs[0]))
        self.assertIn(OPAQUE, second["body"])
        for charge in self.charges(2):
            self.assert_exact(charge, (INPUT, OUTPUT))

    def test_a_refused_websocket_is_followed_by_http(self):
        for config in (OVER_WEBSOCKET, BUILT_IN):
            with self.subTest(config=config):
                refused = self.world.answered("websocket_not_supported")
                self.world.script({"frames": Responses.text("hello")})
                seen = Codex.ask(self.world, self.secret, config=config)
                self.assertEqual((seen.text, seen.error), ("hello", ""))
                self.assertEqual(self.world.answered("websocket_not_supported"), refused + 1)
                [request] = self.world.requests()
                self.assertEqual(request["method"], "POST")
        for charge in self.charges(2):
            self.assert_exact(charge, (INPUT, OUTPUT))

    def test_a_provider_without_websockets_never_asks_for_one(self):
        self.world.script({"frames": Responses.text("hello")})
        seen = Codex.ask(self.world, self.secret)
        self.assertEqual((seen.text, seen.error), ("hello", ""))
        self.assertEqual(self.world.answered("websocket_not_supported"), 0)

    def test_what_it_sends_reaches_the_provider_unchanged(self):
        self.world.script({"frames": Responses.text("hello")})
        Codex.ask(self.world, self.secret)
        [request] = self.world.requests()
        body = json.loads(request["body"])
        self.assertEqual((body["store"], body["include"]), (False, ["reasoning.encrypted_content"]))
        self.assertIn("namespace", {tool["type"] for tool in body["tools"]})
        self.assertIn("session-id", request["headers"])
        self.assertNotIn(self.secret, json.dumps(request))


class ExhaustedCodex(RelayTest):
    quota = "0.000001"

    def test_it_stops_after_one_request(self):
        self.world.script()
        seen = Codex.ask(self.world, self.secret)
        # For the code insufficient_quota it has words of its own.
        self.assertIn("Quota exceeded", seen.error)
        self.assertEqual(self.world.answered("token_quota_exhausted"), 1)
        self.assertEqual(self.world.requests(), [])
        self.assert_used(0)
