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
    def test_a_silent_stream_shows_signs_of_life_in_the_words_of_its_protocol(self):
        for protocol, sign in SIGNS.items():
            with self.subTest(protocol.__name__):
                self.world.script(cases.stream(protocol))
                talking = self._stream(protocol)
                self.world.script(cases.UNHARMED["silence_within"](protocol))
                silent = self._stream(protocol)
                before = "".join(cases.begun(protocol)).encode()
                after = talking.removeprefix(before)
                self.assertNotEqual(after, talking)
                filled = silent.removeprefix(before).removesuffix(after)
                count = (len(silent) - len(talking)) // len(sign)
                self.assertEqual(filled, sign * count)
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
