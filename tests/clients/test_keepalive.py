"""That the silence of these tests is filled as each protocol allows, seen byte by byte.

The clients themselves show it only by not failing: a comment breaks those of Gemini.
"""

import http.client
import json
import urllib.parse

import cases
from answers import Chat, Gemini, Messages, Responses
from relay_test import RelayTest

QUESTION = [{"role": "user", "content": "hello"}]
REQUESTS = {
    Chat: {"messages": QUESTION},
    Responses: {"input": "hello"},
    Messages: {"messages": QUESTION, "max_tokens": 100},
}
SIGNS = {
    Chat: b": keepalive\n\n",
    Responses: b": keepalive\n\n",
    Messages: b'event: ping\ndata: {"type": "ping"}\n\n',
    Gemini: b"\n",
}


class KeepaliveTest(RelayTest):
    def test_silence_before_the_first_event_is_filled(self):
        for protocol in SIGNS:
            with self.subTest(protocol.__name__):
                self._assert_filled(protocol, cases.silent_before(protocol), before="")

    def test_silence_within_a_stream_is_filled(self):
        for protocol in SIGNS:
            with self.subTest(protocol.__name__):
                before = "".join(cases.begun(protocol))
                self._assert_filled(protocol, cases.silent_within(protocol), before)

    def _assert_filled(self, protocol, silent_step, before):
        """Asserts that the silence after `before` has nothing but signs of life in it."""
        self.world.script(cases.stream(protocol))
        talking = self._stream(protocol)
        self.world.script(silent_step)
        silent = self._stream(protocol)
        self.assertTrue(talking.startswith(before.encode()))
        after = talking[len(before.encode()) :]
        filled = silent.removeprefix(before.encode()).removesuffix(after)
        count = (len(silent) - len(talking)) // len(SIGNS[protocol])
        self.assertEqual(filled, SIGNS[protocol] * count)
        self.assertGreater(count, 0)

    def _stream(self, protocol):
        path, body = protocol.path, {"model": protocol.model, "stream": True}
        if protocol is Gemini:
            path += f"{protocol.model}:streamGenerateContent?alt=sse"
            body = {"contents": [{"parts": [{"text": "hello"}]}]}
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.world.origin).netloc)
        headers = {"authorization": f"Bearer {self.secret}", "content-type": "application/json"}
        text = json.dumps({**body, **REQUESTS.get(protocol, {})})
        try:
            connection.request("POST", path, text, headers)
            response = connection.getresponse()
            self.assertEqual(response.status, 200)
            return response.read()
        finally:
            connection.close()
